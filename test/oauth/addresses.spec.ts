import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { STACKS } from '../support/app.js';
import { QueryLog } from '../support/query-log.js';
import {
  identitiesOf,
  landingOf,
  begin,
  open,
  newAddress,
  newMember,
  newName,
  rowsOf,
  startHostileStand,
  through,
  whoIs,
  type OAuthStand,
} from './kit.js';

const [EMBEDDED] = STACKS;
const fields = v.partial(v.object({ displayName: v.string() }));

describe.each([false, true])('addresses, with linkByVerifiedEmail %s', (linkByVerifiedEmail) => {
  let stand: OAuthStand;
  const queries = new QueryLog();
  beforeAll(async () => {
    const typeorm = { logger: queries, logging: ['query'] as ['query'] };
    const auth = { emailVerification: 'optional', profile: { fields } } as const;
    stand = await startHostileStand({ ...EMBEDDED, typeorm, auth }, { linkByVerifiedEmail });
  });
  afterAll(() => stand.close());

  it('an unverified one makes no account', async () => {
    const { app, hostile } = stand;
    const before = await rowsOf(app);
    const client = app.client();
    const approval = { sub: newName(), email: newAddress(), emailVerified: false };
    expect((await through(client, hostile, approval)).error).toBe('OAUTH_LINK_REQUIRED');
    expect(await whoIs(client)).toBeNull();
    expect(await rowsOf(app)).toEqual(before);
  });

  it('an unverified one answers the same with an account and without, by the same statements', async () => {
    const { app, hostile } = stand;
    const proven = (await newMember(app)).email;
    const unproven = (await newMember(app, { emailVerified: false })).email;
    const seen: unknown[] = [];
    for (const email of [newAddress(), proven, unproven]) {
      const client = app.client();
      const approval = { sub: newName(), email, emailVerified: false };
      const back = hostile.approve(await begin(client, 'hostile', { returnTo: '/notes' }), approval);
      queries.statements = [];
      const answer = await open(client, back);
      const names = answer.setCookies.map((line) => line.split('=', 1)[0]);
      const { error, href } = landingOf(answer);
      // Moments stand in the statements themselves.
      const statements = queries.statements.map((statement) => statement.replace(/\b\d{13}\b/g, 'now'));
      seen.push({ status: answer.status, error, href, text: answer.text, names, statements });
    }
    expect(seen[0]).toMatchObject({ error: 'OAUTH_LINK_REQUIRED' });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('none at all makes no account', async () => {
    const client = stand.app.client();
    const landing = await through(client, stand.hostile, { sub: newName() });
    expect(landing.error).toBe('OAUTH_LINK_REQUIRED');
  });

  it.each(['not an address', 'a@b@c', 'ada＠example.com', 'x'.repeat(300) + '@example.com', 'a\0@example.com'])(
    'one that is none makes no account: %j',
    async (email) => {
      const before = await rowsOf(stand.app);
      const client = stand.app.client();
      const landing = await through(client, stand.hostile, { sub: newName(), email });
      expect(landing.error).toMatch(/^OAUTH_(?:LINK_REQUIRED|FAILED)$/);
      expect(await rowsOf(stand.app)).toEqual(before);
    },
  );

  it('one of a verified account is linked where that is said, and else by its owner alone', async () => {
    const { app, hostile } = stand;
    const { id, email } = await newMember(app);
    const before = await rowsOf(app);
    const client = app.client();
    const landing = await through(client, hostile, { sub: newName(), email: email.toUpperCase() });
    if (linkByVerifiedEmail) {
      expect(landing.error).toBeNull();
      expect(await whoIs(client)).toMatchObject({ id });
      expect(await identitiesOf(client)).toHaveLength(1);
      // The owner’s password goes on.
      expect((await app.client().signIn(email)).status).toBe(200);
    } else {
      expect(landing.error).toBe('OAUTH_LINK_REQUIRED');
      expect(await whoIs(client)).toBeNull();
      expect(await rowsOf(app)).toEqual(before);
    }
  });

  it('one of a verified account is not linked on the word of a provider that has not verified it', async () => {
    const { app, hostile } = stand;
    const { email } = await newMember(app);
    const before = await rowsOf(app);
    const client = app.client();
    const landing = await through(client, hostile, { sub: newName(), email, emailVerified: false });
    expect(landing.error).toBe('OAUTH_LINK_REQUIRED');
    expect(await rowsOf(app)).toEqual(before);
  });

  it('one of a disabled account opens nothing', async () => {
    const { app, hostile } = stand;
    const sub = newName();
    const email = newAddress();
    const first = app.client();
    expect((await through(first, hostile, { sub, email })).error).toBeNull();
    const { id } = (await whoIs(first))!;
    await app.get(Accounts).disable(id);
    expect(await whoIs(first)).toBeNull();
    const client = app.client();
    expect((await through(client, hostile, { sub, email })).error).toMatch(/^(?:OAUTH_FAILED|INVALID_CREDENTIALS)$/);
    expect(await whoIs(client)).toBeNull();
    const another = app.client();
    const landing = await through(another, hostile, { sub: newName(), email });
    expect(landing.error).not.toBeNull();
    expect(await whoIs(another)).toBeNull();
    const before = await rowsOf(app);
    const squatted = await newMember(app, { emailVerified: false });
    await app.get(Accounts).disable(squatted.id);
    const third = app.client();
    expect((await through(third, hostile, { sub: newName(), email: squatted.email })).error).not.toBeNull();
    expect(await whoIs(third)).toBeNull();
    expect((await rowsOf(app))['auth_identities']).toBe(before['auth_identities']);
  });
});
