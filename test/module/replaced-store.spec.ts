import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AuthModule, StateStore, type AuthOptions } from '../../lib/index.js';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import { User } from '../support/app.js';
import { closeAfterEach, refusal, startHost, VALUES, type HostSetup } from './kit.js';

closeAfterEach();

function withAuth(options: Partial<AuthOptions<User>>, setup: Partial<HostSetup> = {}): HostSetup {
  return { ...setup, imports: [AuthModule.forRoot<User>({ userEntity: User, ...VALUES, ...options })] };
}

describe('a store that is replaced leaves no connection of the other behind', () => {
  let listener: Server | undefined;
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    listener?.close();
    listener = undefined;
  });

  /** Takes connections and never answers: a start that needs it fails. */
  async function silentServer(): Promise<string> {
    listener = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => listener!.listen(0, '127.0.0.1', resolve));
    return `redis://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  }

  it('the start without an override needs Redis', async () => {
    const url = await silentServer();
    expect(await refusal(withAuth({ redis: { url, connectTimeout: '200ms' } }))).toContain(new URL(url).host);
    expect(sockets).toHaveLength(1);
  });

  it.each<[string, (url: string) => HostSetup]>([
    [
      'overrides',
      (url) =>
        withAuth({
          redis: { url },
          overrides: [{ provide: StateStore, useValue: new MemoryStateStore(new TestClock()) }],
        }),
    ],
    [
      'overrideProvider',
      (url) =>
        withAuth(
          { redis: { url } },
          {
            override: (builder) => builder.overrideProvider(StateStore).useValue(new MemoryStateStore(new TestClock())),
          },
        ),
    ],
  ])('through %s: it is never asked for', async (_, setup) => {
    const host = await startHost(setup(await silentServer()));
    const client = host.client();
    expect((await client.register('ada@example.com')).status).toBe(202);
    expect((await client.signIn('ada@example.com')).status).toBe(200);
    expect(sockets).toEqual([]);
  });
});
