import { createServer, type AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { Accounts, Sessions } from '../../lib/index.js';
import { SessionCache } from '../../lib/sessions/session-cache.js';
import { AuthSocketsModule } from '../../lib/ws/index.js';
import { SocketWatch } from '../../lib/ws/socket-watch.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';

/** An origin of the application, as a browser would send it. */
export const ORIGIN = 'http://127.0.0.1:3000';

export interface Node extends TestApp {
  /** What the timer does every 5 s. */
  look(): Promise<void>;
}

export interface NodeSetup extends AppSetup {
  readonly gateways?: readonly Type[];
  readonly platform?: 'socket.io' | 'ws';
}

/** An application with gateways whose handshakes are guarded. */
export async function startNode({ gateways = [], platform = 'socket.io', ...setup }: NodeSetup = {}): Promise<Node> {
  const app = await startApp({
    ...setup,
    auth: { emailVerification: 'off', origins: [ORIGIN], ...setup.auth },
    imports: [AuthSocketsModule, ...(setup.imports ?? [])],
    providers: [...gateways, ...(setup.providers ?? [])],
    prepare: async (host: INestApplication) => {
      if (platform === 'ws') host.useWebSocketAdapter(new WsAdapter(host));
      await setup.prepare?.(host);
    },
  });
  return { ...app, look: () => app.get(SocketWatch).look() };
}

export interface Person {
  readonly email: string;
  readonly userId: string;
}

let people = 0;

export async function newPerson(node: TestApp, roles: readonly string[] = []): Promise<Person> {
  people += 1;
  await standingAdministrator(node);
  const email = `person${people}@example.com`;
  const user = await node.get(Accounts).create({ email, password: PASSWORD, emailVerified: true });
  if (user === undefined) throw new Error(`${email} is there already`);
  for (const role of roles) await node.get(Accounts).assignRole(user.id, role);
  return { email, userId: user.id };
}

/** So that everybody else may lose the role. */
async function standingAdministrator(node: TestApp): Promise<void> {
  await node.get(Accounts).create({ email: 'root@example.com', emailVerified: true, roles: ['admin'] });
}

/** A browser that is signed in. */
export async function browserOf(node: TestApp, { email }: Person): Promise<Client> {
  const client = node.client();
  const { status, text } = await client.signIn(email);
  if (status !== 200) throw new Error(text);
  return client;
}

/** Headers of a handshake from a page of the application. */
export function pageHeaders(client: Client, origin = ORIGIN): Record<string, string> {
  return { cookie: client.cookieHeader(), origin };
}

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
}

export async function tokensOf(node: TestApp, { email }: Person): Promise<TokenPair> {
  const { body, status, text } = await node.client().signIn(email, PASSWORD, { deliver: 'tokens' });
  if (status !== 200) throw new Error(text);
  return body as TokenPair;
}

/** The one live session of a person ends, as an administrator would end it. */
export async function revokeAll(node: TestApp, { userId }: Person): Promise<void> {
  await node.get(Sessions).revokeAll(userId);
}

export interface HandshakeOptions {
  readonly headers?: Record<string, string>;
  readonly auth?: Record<string, unknown>;
  readonly namespace?: string;
}

/** A client of socket.io that has not connected yet. */
export function socketTo(node: TestApp, { headers = {}, auth = {}, namespace = '/' }: HandshakeOptions = {}): Socket {
  return io(node.url + namespace, {
    transports: ['websocket'],
    extraHeaders: headers,
    auth,
    forceNew: true,
    reconnection: false,
  });
}

/** What becomes of the connection: `connected`, or the data of its refusal. */
export function outcomeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve('connected'));
    socket.once('connect_error', (error: Error & { data?: unknown }) => resolve(error.data ?? error.message));
  });
}

/** The answer to a message, or the refusal of it. */
export async function ask(socket: Socket, event: string, ...body: unknown[]): Promise<any> {
  const listeners: [string, (told: unknown) => void][] = [];
  const answer = new Promise((resolve) => {
    listeners.push(['answer', resolve], ['exception', (error) => resolve({ error })]);
    for (const [name, listener] of listeners) socket.once(name, listener);
    socket.emit(event, ...body);
  });
  try {
    return await within(3_000, answer);
  } finally {
    for (const [name, listener] of listeners) socket.off(name, listener);
  }
}

/** Resolves with what the client is told, once the server has ended the connection. */
export function endOf(socket: Socket): Promise<{ reason: string; told: any }> {
  let told: unknown;
  socket.on('exception', (error: unknown) => (told = error));
  return new Promise((resolve) => socket.once('disconnect', (reason) => resolve({ reason, told })));
}

export interface BareSocket {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  ask(event: string, data?: unknown): Promise<any>;
}

/** A client of `ws`. Messages in `atOnce` are sent as soon as the connection is open. */
export async function bareSocketTo(
  node: TestApp,
  {
    headers = {},
    path = '/',
    atOnce = [],
  }: { headers?: Record<string, string>; path?: string; atOnce?: string[] } = {},
): Promise<BareSocket> {
  const { port } = node.app.getHttpServer().address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
  for (const event of atOnce) socket.send(JSON.stringify({ event, data: {} }));
  const ask = (event: string, data: unknown = {}): Promise<any> =>
    within(
      3_000,
      new Promise((resolve) => {
        socket.once('message', (text) => resolve(JSON.parse((text as Buffer).toString('utf8'))));
        socket.send(JSON.stringify({ event, data }));
      }),
    );
  return { socket, closed, ask };
}

/** How often sessions are looked up while the work runs. */
export async function countLookUps(node: TestApp, work: () => Promise<void>): Promise<number> {
  const cache = node.get(SessionCache);
  const find = cache.find.bind(cache);
  let count = 0;
  cache.find = (...args) => {
    count += 1;
    return find(...args);
  };
  try {
    await work();
    return count;
  } finally {
    cache.find = find;
  }
}

/** Look-ups of one round. */
export function lookUps(node: Node): Promise<number> {
  return countLookUps(node, () => node.look());
}

/** Fails instead of waiting for ever. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** A port that nobody listened on a moment ago, for what must know its port before it listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
