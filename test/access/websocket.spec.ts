import { Module } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Auth, OptionalAuth, Public } from '../../lib/access/auth.decorators.js';
import { CurrentPrincipal, CurrentUser } from '../../lib/access/principal.decorators.js';
import type { Principal } from '../../lib/common/principal.js';
import { AccessModule, ORIGIN, principal, startApp, User, type RunningApp } from './support.js';

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('who') who(@CurrentPrincipal() who: Principal, @MessageBody() body: unknown) {
    return { event: 'answer', data: { who: who.userId, body } };
  }
  @SubscribeMessage('user') user(@CurrentUser() user: User) {
    return { event: 'answer', data: { id: user.id } };
  }
  @SubscribeMessage('open') @Public() open(@CurrentPrincipal() who?: Principal) {
    return { event: 'answer', data: { who: who?.userId ?? 'nobody' } };
  }
  @SubscribeMessage('maybe') @OptionalAuth() maybe(@CurrentPrincipal() who?: Principal) {
    return { event: 'answer', data: { who: who?.userId ?? 'nobody' } };
  }
  @SubscribeMessage('admin') @Auth({ roles: ['admin'] }) admin() {
    return { event: 'answer', data: 'in' };
  }
  @SubscribeMessage('fresh') @Auth({ fresh: true }) fresh() {
    return { event: 'answer', data: 'in' };
  }
  @SubscribeMessage('safe') @Auth({ methods: ['otp'] }) safe() {
    return { event: 'answer', data: 'in' };
  }
}

@Module({ imports: [AccessModule.with()], providers: [ChatGateway] })
class Host {}

describe('access on WebSockets', () => {
  let running: RunningApp;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    running = await startApp(Host);
  });
  afterAll(() => running.app.close());
  beforeEach(() => {
    running.sessions.live.clear();
    running.sessions.dead.clear();
    running.sessions.live.set('u1', principal());
    running.sessions.live.set('u2', principal({ userId: 'u2', roles: ['admin'] }));
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.disconnect()));

  async function connect(headers: Record<string, string>): Promise<Socket> {
    const socket = io(running.url, { transports: ['websocket'], extraHeaders: headers, forceNew: true });
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
    return socket;
  }

  /** The answer, or the error in the shape that a socket client sees. */
  function ask(socket: Socket, event: string, ...body: unknown[]): Promise<any> {
    return new Promise((resolve) => {
      socket.removeAllListeners('answer').removeAllListeners('exception');
      socket.once('answer', resolve).once('exception', (error: unknown) => resolve({ error }));
      socket.emit(event, ...body);
    });
  }
  const mine = (name: string) => ({ cookie: `sid=${name}`, origin: ORIGIN });

  it('knows the principal of the handshake, whatever the message carries', async () => {
    const socket = await connect(mine('u1'));
    for (const body of [{ a: 1 }, 'text', 7, null]) {
      expect(await ask(socket, 'who', body)).toEqual({ who: 'u1', body });
      expect(await ask(socket, 'open', body)).toEqual({ who: 'nobody' });
      expect(await ask(socket, 'maybe', body)).toEqual({ who: 'u1' });
    }
    expect(await ask(socket, 'maybe')).toEqual({ who: 'u1' });
    expect(await ask(socket, 'open')).toEqual({ who: 'nobody' });
    expect(await ask(socket, 'user', {})).toEqual({ id: 'u1' });
  });

  it('refuses in the shape of a socket', async () => {
    const socket = await connect({ origin: ORIGIN });
    expect(await ask(socket, 'who', {})).toEqual({
      error: { code: 'NOT_AUTHENTICATED', message: 'Sign in to continue.', statusCode: 401 },
    });
    expect(await ask(socket, 'maybe', {})).toEqual({ who: 'nobody' });
    expect(await ask(await connect(mine('u1')), 'admin', {})).toMatchObject({
      error: { code: 'FORBIDDEN', statusCode: 403 },
    });
    expect(await ask(await connect(mine('u2')), 'admin', {})).toBe('in');
  });

  it('carries the details of a refusal', async () => {
    running.sessions.live.set('u1', principal({ freshUntil: 0 }));
    expect(await ask(await connect(mine('u1')), 'fresh', {})).toMatchObject({
      error: { code: 'REAUTHENTICATION_REQUIRED', details: { methods: ['password'] } },
    });
  });

  it('asks for what a session has proven', async () => {
    running.sessions.live.set('u1', principal({ methods: ['pwd'] }));
    expect(await ask(await connect(mine('u1')), 'safe', {})).toMatchObject({ error: { code: 'ENROLMENT_REQUIRED' } });
    running.sessions.live.set('u1', principal({ methods: ['pwd', 'otp', 'mfa'] }));
    expect(await ask(await connect(mine('u1')), 'safe', {})).toBe('in');
  });

  it('refuses a revoked session on the next message of the same socket', async () => {
    const socket = await connect(mine('u1'));
    expect(await ask(socket, 'who', {})).toMatchObject({ who: 'u1' });
    running.sessions.dead.add('u1');
    expect(await ask(socket, 'who', {})).toMatchObject({ error: { code: 'NOT_AUTHENTICATED' } });
    expect(await ask(socket, 'maybe', 'text')).toEqual({ who: 'nobody' });
  });

  it('sees a changed role on the next message', async () => {
    const socket = await connect(mine('u1'));
    expect(await ask(socket, 'admin', {})).toMatchObject({ error: { code: 'FORBIDDEN' } });
    running.sessions.live.set('u1', principal({ roles: ['admin'] }));
    expect(await ask(socket, 'admin', {})).toBe('in');
  });

  it('refuses the cookie on a socket that another site opened', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const socket = await connect({ cookie: 'sid=u1', origin });
      expect(await ask(socket, 'who', {})).toMatchObject({ error: { code: 'CSRF_FAILED', statusCode: 403 } });
      expect(await ask(socket, 'maybe', {})).toMatchObject({ error: { code: 'CSRF_FAILED' } });
    }
  });

  it('lets a header credential decide alone', async () => {
    const socket = await connect({ ...mine('u1'), authorization: 'Bearer x' });
    expect(await ask(socket, 'maybe', {})).toMatchObject({ error: { code: 'INVALID_ACCESS_TOKEN', statusCode: 401 } });
  });
});

describe('@Auth() on a gateway hook', () => {
  it('refuses to start, since Nest guards no hook', async () => {
    @WebSocketGateway()
    class Hooked {
      @Auth() handleConnection(): void {}
      @SubscribeMessage('x') @Public() x(): void {}
    }
    @Module({ imports: [AccessModule.with()], providers: [Hooked] })
    class HookedHost {}
    await expect(startApp(HookedHost)).rejects.toThrow(/Hooked\.handleConnection: Nest runs no guard here/);
  });
});
