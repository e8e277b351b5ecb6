import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import {
  begin,
  bus,
  byToken as connectionOf,
  connect,
  first,
  follow,
  leaveAll,
  NotesResolver,
  OpenResolver,
  startGraphql,
  type Connection,
} from './graphql-kit.js';
import {
  browserOf,
  newPerson,
  ORIGIN,
  pageHeaders,
  revokeAll,
  tokensOf,
  within,
  type Node,
  type Person,
} from './kit.js';

afterEach(leaveAll);

describe('subscriptions over graphql-ws', () => {
  let node: Node;
  let clock: TestClock;

  beforeAll(async () => {
    clock = new TestClock();
    node = await startGraphql([NotesResolver], { clock });
  });
  afterAll(() => node.close());

  const byToken = (person: Person): Promise<Connection> => connectionOf(node, person);

  it('refuse a connection that nobody is known of', async () => {
    const browser = await browserOf(node, await newPerson(node));
    const cookie = pageHeaders(browser);
    for (const [options, code, reason] of [
      [{}, 4401, 'NOT_AUTHENTICATED'],
      [{ params: { authorization: 'Bearer x' }, headers: cookie }, 4401, 'INVALID_ACCESS_TOKEN'],
      [{ params: { Authorization: 'Basic x' }, headers: cookie }, 4401, 'INVALID_ACCESS_TOKEN'],
      [{ params: { authorization: 7 }, headers: cookie }, 4401, 'INVALID_ACCESS_TOKEN'],
      [{ headers: pageHeaders(browser, 'https://evil.example') }, 4403, 'CSRF_FAILED'],
    ] as const) {
      const { client, closed } = connect(node, options);
      void first(client, '{ who }');
      expect(await within(2_000, closed)).toMatchObject({ code, reason });
    }
  });

  it('know the principal of a cookie, of a header and of the connection parameters', async () => {
    const person = await newPerson(node);
    const cookie = connect(node, { headers: pageHeaders(await browserOf(node, person)) });
    expect(await first(cookie.client, '{ who }')).toEqual({ data: { who: `${person.userId} via session` } });
    const params = await byToken(person);
    expect(await first(params.client, '{ who }')).toEqual({ data: { who: `${person.userId} via bearer` } });
    const { access_token: token } = await tokensOf(node, person);
    const header = connect(node, { headers: { authorization: `Bearer ${token}`, origin: ORIGIN } });
    expect(await first(header.client, '{ who }')).toEqual({ data: { who: `${person.userId} via bearer` } });
  });

  it('guard each subscription', async () => {
    const { client } = await byToken(await newPerson(node));
    const refused = await first(client, 'subscription { secret }');
    expect(JSON.stringify(refused)).toContain('FORBIDDEN');
    const admin = await byToken(await newPerson(node, ['admin']));
    const secrets = follow(admin.client, 'subscription { secret }');
    await expect
      .poll(async () => {
        await bus.publish('secret', { secret: 'x' });
        return secrets[0];
      })
      .toEqual({ secret: 'x' });
  });

  it('judge each operation anew: a role gained, a session over', async () => {
    const person = await newPerson(node);
    const { client } = await byToken(person);
    expect(JSON.stringify(await first(client, 'mutation { reset }'))).toContain('FORBIDDEN');
    await node.get(Accounts).assignRole(person.userId, 'admin');
    expect(await first(client, 'mutation { reset }')).toEqual({ data: { reset: 'done' } });
    clock.advance(61 * 60_000);
    expect(JSON.stringify(await first(client, '{ who }'))).toContain('INVALID_ACCESS_TOKEN');
  });

  it('end with the session: nothing more is delivered', async () => {
    const person = await newPerson(node);
    const other = await newPerson(node);
    const mine = await byToken(person);
    const theirs = connect(node, { headers: pageHeaders(await browserOf(node, other)) });
    const [received, kept] = [
      follow(mine.client, 'subscription { written }'),
      follow(theirs.client, 'subscription { written }'),
    ];
    await expect
      .poll(async () => {
        await bus.publish('written', { written: 'early' });
        return received.length > 0 && kept.length > 0;
      })
      .toBe(true);
    await revokeAll(node, person);
    expect(await within(1_000, mine.closed)).toMatchObject({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
    await bus.publish('written', { written: 'late' });
    await expect.poll(() => kept.at(-1)).toEqual({ written: 'late' });
    expect(received).not.toContainEqual({ written: 'late' });
    expect(received.at(-1)).toBe('ended');
  });

  it('end with the access token', async () => {
    const connection = await byToken(await newPerson(node));
    expect(await first(connection.client, '{ who }')).toHaveProperty('data.who');
    const results = follow(connection.client, 'subscription { written }');
    await expect
      .poll(async () => {
        await bus.publish('written', { written: 'early' });
        return results.length;
      })
      .toBeGreaterThan(0);
    clock.advance(61 * 60_000);
    await node.look();
    expect(await within(1_000, connection.closed)).toMatchObject({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
  });

  it('outlive their access token when the client connects anew with the next one', async () => {
    const person = await newPerson(node);
    const connectionParams = async () => ({ authorization: `Bearer ${(await tokensOf(node, person)).access_token}` });
    const { client } = connect(node, { connectionParams, retryAttempts: 1, retryWait: () => Promise.resolve() });
    const results = follow(client, 'subscription { written }');
    await begin(results, 'written');
    clock.advance(10 * 60_000);
    results.length = 0;
    client.terminate();
    await begin(results, 'written');
    clock.advance(10 * 60_000);
    await node.look();
    results.length = 0;
    await begin(results, 'written');
  });
});

describe('subscriptions beside an open resolver', () => {
  let node: Node;

  beforeAll(async () => {
    node = await startGraphql([NotesResolver, OpenResolver]);
  });
  afterAll(() => node.close());

  it('let anonymous connections in, and guard what is guarded', async () => {
    const { client } = connect(node, {});
    expect(await first(client, '{ open }')).toEqual({ data: { open: 'nobody' } });
    expect(JSON.stringify(await first(client, '{ who }'))).toContain('NOT_AUTHENTICATED');
    expect(JSON.stringify(await first(client, 'subscription { written }'))).toContain('NOT_AUTHENTICATED');
  });

  it('refuse a wrong credential all the same', async () => {
    const { client, closed } = connect(node, { params: { authorization: 'Bearer x' } });
    void first(client, '{ open }');
    expect(await within(2_000, closed)).toMatchObject({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
  });
});
