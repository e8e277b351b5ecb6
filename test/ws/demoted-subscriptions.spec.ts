import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { SessionCache } from '../../lib/sessions/session-cache.js';
import { User } from '../support/app.js';
import { begin, bus, byToken, connect, first, follow, leaveAll, NotesResolver, startGraphql } from './graphql-kit.js';
import { browserOf, newPerson, pageHeaders, tokensOf, within, type Node, type Person, type TokenPair } from './kit.js';

const FORBIDDEN = { code: 4403, reason: 'FORBIDDEN' };
const SECRET = 'subscription { secret }';

/** Longest time on another node: one round of 5 s, and a second for the machine. */
const SOON_MS = 6_000;

afterEach(leaveAll);

const removeAdmin = (node: Node, { userId }: Person): Promise<void> => node.get(Accounts).removeRole(userId, 'admin');
const makeAdmin = (node: Node, { userId }: Person): Promise<void> => node.get(Accounts).assignRole(userId, 'admin');

async function pageOf(node: Node, person: Person) {
  return connect(node, { headers: pageHeaders(await browserOf(node, person)) });
}

/** Whether the subscription brings what is published now, once everything under way has arrived. */
async function isTold(results: readonly unknown[], text: string): Promise<boolean> {
  await bus.publish('secret', { secret: text });
  await new Promise((resolve) => setTimeout(resolve, 100));
  return results.some((result) => (result as { secret?: string } | null | undefined)?.secret === text);
}

describe('a subscription that a lost role let through', () => {
  let node: Node;

  beforeAll(async () => {
    node = await startGraphql([NotesResolver]);
  });
  afterAll(() => node.close());

  it.each([
    ['an access token', byToken],
    ['a session cookie', pageOf],
  ])('ends at once here, with its connection: %s', async (_, connection) => {
    const person = await newPerson(node, ['admin']);
    const { client, closed } = await connection(node, person);
    const secrets = follow(client, SECRET);
    await begin(secrets, 'secret');
    await removeAdmin(node, person);
    expect(await within(1_000, closed)).toMatchObject(FORBIDDEN);
    expect(await isTold(secrets, 'late')).toBe(false);
  });

  it('is judged anew when its client comes back, as all the others are', async () => {
    const person = await newPerson(node, ['admin']);
    const { client, closed } = await byToken(node, person, { retryAttempts: 1, retryWait: () => Promise.resolve() });
    const [secrets, written] = [follow(client, SECRET), follow(client, 'subscription { written }')];
    await begin(secrets, 'secret');
    await begin(written, 'written');
    await removeAdmin(node, person);
    await within(1_000, closed);
    const after: unknown[] = [];
    await expect
      .poll(async () => {
        await bus.publish('written', { written: 'late' });
        after.push(...written.splice(0));
        return after;
      })
      .toContainEqual({ written: 'late' });
    expect(await isTold(secrets, 'late')).toBe(false);
    expect(JSON.stringify(await first(client, SECRET))).toContain('FORBIDDEN');
  });

  it('ends when the role was gained after the connection was opened', async () => {
    const person = await newPerson(node);
    const { client, closed } = await byToken(node, person);
    expect(await first(client, '{ who }')).toHaveProperty('data.who');
    await makeAdmin(node, person);
    const secrets = follow(client, SECRET);
    await begin(secrets, 'secret');
    await removeAdmin(node, person);
    expect(await within(1_000, closed)).toMatchObject(FORBIDDEN);
    expect(await isTold(secrets, 'late')).toBe(false);
  });

  it('ends when its address is confirmed no longer', async () => {
    const person = await newPerson(node);
    const { client, closed } = await byToken(node, person);
    expect(await first(client, '{ who }')).toHaveProperty('data.who');
    await node
      .get(SessionCache)
      .change([person.userId], () =>
        node.dataSource.getRepository(User).update(person.userId, { emailVerifiedAt: null }),
      );
    expect(await within(1_000, closed)).toMatchObject(FORBIDDEN);
  });

  it('goes on when something is gained, and beside the losses of others', async () => {
    const [person, other] = [await newPerson(node, ['admin']), await newPerson(node, ['admin'])];
    const { client } = await byToken(node, person);
    const secrets = follow(client, SECRET);
    await begin(secrets, 'secret');
    await node.get(Accounts).assignRole(person.userId, 'editor');
    await removeAdmin(node, other);
    await node.look();
    expect(await isTold(secrets, 'late')).toBe(true);
  });

  it('ends when a token that still names the role let it through', async () => {
    const trusting = await startGraphql([NotesResolver], { auth: { tokens: { checking: 'signature' } } });
    const person = await newPerson(trusting, ['admin']);
    const { access_token: token } = await tokensOf(trusting, person);
    await removeAdmin(trusting, person);
    const { client, closed } = connect(trusting, { params: { authorization: `Bearer ${token}` } });
    const secrets = follow(client, SECRET);
    expect(await within(1_000, closed)).toMatchObject(FORBIDDEN);
    expect(await isTold(secrets, 'late')).toBe(false);
    await trusting.close();
  });

  it('keeps its connection from a token that allows less', async () => {
    const strict = await startGraphql([NotesResolver], {
      auth: { tokens: { scopes: { 'notes:read': 'everyone', 'notes:write': 'everyone' } } },
    });
    const person = await newPerson(strict);
    const { client } = await byToken(strict, person);
    const renew = (token: string): Promise<unknown> => first(client, `mutation { renew(token: "${token}") }`);
    const signIn = { deliver: 'tokens', scope: 'notes:read' };
    const { body } = await strict.client().signIn(person.email, undefined, signIn);
    expect(JSON.stringify(await renew((body as TokenPair).access_token))).toContain('FORBIDDEN');
    expect(await renew((await tokensOf(strict, person)).access_token)).toEqual({ data: { renew: person.userId } });
    await strict.close();
  });
});

describe('where the application makes the context of operations', () => {
  it('a subscription ends with a role that was gained after the connection was opened', async () => {
    const node = await startGraphql([NotesResolver], { context: ({ extra, req }) => ({ req: extra?.request ?? req }) });
    const person = await newPerson(node);
    const { client, closed } = await pageOf(node, person);
    expect(await first(client, '{ who }')).toHaveProperty('data.who');
    await makeAdmin(node, person);
    const secrets = follow(client, SECRET);
    await begin(secrets, 'secret');
    await removeAdmin(node, person);
    expect(await within(1_000, closed)).toMatchObject(FORBIDDEN);
    await node.close();
  });
});

describe('two instances on one PostgreSQL and one Redis', () => {
  let here: Node;
  let there: Node;

  beforeAll(async () => {
    here = await startGraphql([NotesResolver], { database: 'postgres', store: 'redis' });
    const { databaseUrl, redisUrl } = here;
    if (databaseUrl === undefined || redisUrl === undefined) throw new Error('no shared services');
    there = await startGraphql([NotesResolver], { databaseUrl, redisUrl, typeorm: { synchronize: false } });
  });
  afterAll(async () => {
    await here.close();
    await there.close();
  });

  it('end it within 5 s there, and no new token saves it', async () => {
    const person = await newPerson(here, ['admin']);
    const { client, closed } = await byToken(there, person);
    const secrets = follow(client, SECRET);
    await begin(secrets, 'secret');
    await removeAdmin(here, person);
    const { access_token: token } = await tokensOf(here, person);
    expect(JSON.stringify(await first(client, `mutation { renew(token: "${token}") }`))).toContain('FORBIDDEN');
    expect(await within(SOON_MS, closed)).toMatchObject(FORBIDDEN);
    expect(await isTold(secrets, 'late')).toBe(false);
  });

  it('end it there too when its role was gained and lost between two rounds', async () => {
    const person = await newPerson(here);
    const { client, closed } = await byToken(there, person);
    expect(await first(client, '{ who }')).toHaveProperty('data.who');
    await makeAdmin(here, person);
    const secrets = follow(client, SECRET);
    await begin(secrets, 'secret');
    await removeAdmin(here, person);
    expect(await within(SOON_MS, closed)).toMatchObject(FORBIDDEN);
  });
});
