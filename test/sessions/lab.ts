import { expect } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { PASSWORD, type DatabaseKind, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import {
  newPerson,
  signedIn,
  StagedStore,
  stagedStore,
  startStaged,
  withRedis,
  type Person,
  type StoreWrapper,
} from './kit.js';

/** Where changes are made and where requests are read; one instance may be both. */
export interface Lab {
  readonly writer: TestApp;
  readonly reader: TestApp;
  /** Empties the store behind everybody's back. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

/** A store that can be emptied as a Redis can, and does so for its own keys alone. */
class WipedStore extends StagedStore {
  private readonly keys = new Set<string>();

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.keys.add(key);
    return super.set(key, value, ttlMs);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    this.keys.add(key);
    return super.setIfAbsent(key, value, ttlMs);
  }

  async wipe(): Promise<void> {
    await Promise.all([...this.keys].map((key) => this.inner.delete(key)));
  }
}

export async function oneInstance(): Promise<Lab> {
  const app = await startStaged({}, WipedStore);
  return {
    writer: app,
    reader: app,
    wipe: () => (stagedStore(app) as WipedStore).wipe(),
    close: () => app.close(),
  };
}

export async function twoInstances(
  Wrapper: StoreWrapper = StagedStore,
  redis?: PrivateRedis,
  database: DatabaseKind = 'postgres',
): Promise<Lab> {
  const server = redis ?? (await startRedis());
  const writer = await startStaged({ database, redisUrl: server.url }, Wrapper);
  const reader = await startStaged({ databaseUrl: writer.databaseUrl!, redisUrl: server.url }, Wrapper);
  return {
    writer,
    reader,
    wipe: () => withRedis(server.url, async (client) => void (await client.flushAll())),
    close: async () => {
      await Promise.all([writer.close(), reader.close()]);
      await server.stop();
    },
  };
}

/** Something that the very next request must see. */
export interface Change {
  readonly what: string;
  readonly roles?: readonly string[];
  make(lab: Lab, person: Person, session: { id: string; browser: Client }): Promise<unknown>;
  /** How the next request is told from one before the change. */
  seen(answer: Answer): boolean;
}

export const refused = ({ status }: Answer): boolean => status === 401;
export const accountsOf = ({ writer }: Lab): Accounts => writer.get(Accounts);

export const CHANGES: readonly Change[] = [
  {
    what: 'a revoked session',
    make: ({ writer }, { userId }, { id }) => writer.get(Sessions).revoke(userId, id),
    seen: refused,
  },
  {
    what: 'a sign-out',
    make: async ({ writer }, _person, { browser }) => {
      const elsewhere = writer.client();
      for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
      elsewhere.csrfToken = browser.csrfToken;
      expect((await elsewhere.post('/auth/logout')).status).toBe(204);
    },
    seen: refused,
  },
  {
    what: 'a sign-out of all other sessions',
    make: ({ writer }, { userId }) => writer.get(Sessions).revokeOthers(userId, ''),
    seen: refused,
  },
  {
    what: 'a sign-out everywhere',
    make: ({ writer }, { userId }) => writer.get(Sessions).revokeAll(userId),
    seen: refused,
  },
  { what: 'a disabled user', make: (lab, { userId }) => accountsOf(lab).disable(userId), seen: refused },
  { what: 'a deleted user', make: (lab, { userId }) => accountsOf(lab).delete(userId), seen: refused },
  {
    what: 'a new password',
    make: (lab, { userId }) => accountsOf(lab).setPassword(userId, `${PASSWORD} anew`),
    seen: refused,
  },
  {
    what: 'a role that is given',
    make: (lab, { userId }) => accountsOf(lab).assignRole(userId, 'admin'),
    seen: ({ body }) => body.roles.includes('admin'),
  },
  {
    what: 'a role that is taken',
    roles: ['admin'],
    make: (lab, { userId }) => accountsOf(lab).removeRole(userId, 'admin'),
    seen: ({ body }) => !body.roles.includes('admin'),
  },
  {
    what: 'a proven address',
    make: (lab, { userId }) => accountsOf(lab).markEmailVerified(userId),
    seen: ({ body }) => body.emailVerified,
  },
];

/** A session that has made no request yet. */
export async function newSession({ reader }: Lab, person: Person): Promise<{ id: string; browser: Client }> {
  const browser = await signedIn(reader, person);
  const { items } = await reader.get(Sessions).list(person.userId);
  return { id: items[0]!.id, browser };
}

export const changeCalled = (what: string): Change => CHANGES.find((change) => change.what === what)!;

export const who = (browser: Client): Promise<Answer> => browser.get('/whoami');

/**
 * Whether the change is seen by the requests after it, with a reader held between its load and its fill: two while it is
 * held, and two after it has written what it had loaded before the change.
 */
export async function seenBesideSlowReader(lab: Lab, { roles = [], make, seen }: Change): Promise<boolean[]> {
  const person = await newPerson(lab.writer, roles);
  const session = await newSession(lab, person);
  const held = stagedStore(lab.reader).hold('fill');
  const slow = who(session.browser);
  await held.reached;
  await make(lab, person, session);
  const during = [seen(await who(session.browser)), seen(await who(session.browser))];
  held.open();
  const old = await slow;
  expect(old.status).toBe(200);
  expect(seen(old)).toBe(false);
  return [...during, seen(await who(session.browser)), seen(await who(session.browser))];
}

/** The same for a session that is born, and asks for the first time, between the announcement of a change and its commit. */
export async function seenByOneBornMeanwhile(lab: Lab, { roles = [], make, seen }: Change): Promise<boolean[]> {
  const person = await newPerson(lab.writer, roles);
  const session = await newSession(lab, person);
  const held = stagedStore(lab.writer).hold('mark');
  const changing = make(lab, person, session);
  await held.reached;
  const born = await signedIn(lab.reader, person);
  const early = await who(born);
  expect(early.status).toBe(200);
  expect(seen(early)).toBe(false);
  held.open();
  await changing;
  return [seen(await who(born)), seen(await who(born))];
}

/** The same after the store has been emptied between announcement and commit, and a reader has filled it with the old row. */
export async function seenAfterWipe(lab: Lab, { roles = [], make, seen }: Change): Promise<boolean[]> {
  const person = await newPerson(lab.writer, roles);
  const session = await newSession(lab, person);
  await who(session.browser);
  const held = stagedStore(lab.writer).hold('mark');
  const changing = make(lab, person, session);
  await held.reached;
  await lab.wipe();
  const fillsBefore = stagedStore(lab.reader).fills.length;
  const early = await who(session.browser);
  expect(early.status).toBe(200);
  expect(seen(early)).toBe(false);
  expect(stagedStore(lab.reader).fills.length).toBe(fillsBefore + 1);
  held.open();
  await changing;
  return [seen(await who(session.browser)), seen(await who(session.browser))];
}
