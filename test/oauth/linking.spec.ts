import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../lib/common/duration.js';
import { TestClock } from '../../lib/testing/index.js';
import { PASSWORD, STANDS } from '../support/app.js';
import {
  beginLink,
  begin,
  federated,
  identitiesOf,
  onlyIdentity,
  landingOf,
  link,
  newAddress,
  newMember,
  newName,
  open,
  rowsOf,
  startHostileStand,
  through,
  whoIs,
  type OAuthStand,
} from './kit.js';

const [, PRODUCTION] = STANDS;

describe('linking', () => {
  let stand: OAuthStand;
  let clock: TestClock;
  beforeAll(async () => {
    clock = new TestClock();
    stand = await startHostileStand({ ...PRODUCTION, clock });
  });
  afterAll(() => stand.close());

  it('adds a way in, renews the session, and ends the others', async () => {
    const { app, hostile } = stand;
    const member = await newMember(app);
    const before = member.client.cookies.get('auth_session');
    const another = app.client();
    await another.signIn(member.email);
    const identity = { sub: newName(), email: 'somebody-else@example.com', emailVerified: false };
    expect(await link(member, hostile, identity)).toMatchObject({ error: null });
    expect(member.client.cookies.get('auth_session')).not.toBe(before);
    expect(await whoIs(another)).toBeNull();
    expect(await whoIs(member.client)).toMatchObject({ id: member.id, email: member.email });
    expect(await identitiesOf(member.client)).toEqual([expect.objectContaining({ provider: 'hostile' })]);
    const elsewhere = app.client();
    await through(elsewhere, hostile, identity);
    expect(await whoIs(elsewhere)).toMatchObject({ id: member.id });
  });

  it('needs a session, a fresh one, and the CSRF token', async () => {
    const { app } = stand;
    expect((await app.client().post('/auth/oauth/hostile/link', {})).status).toBe(401);
    const member = await newMember(app);
    const forged = await member.client.post('/auth/oauth/hostile/link', {}, { csrf: false });
    expect(forged.body.code).toBe('CSRF_FAILED');
    clock.advance(6 * MINUTE_MS);
    const stale = await member.client.post('/auth/oauth/hostile/link', {});
    expect(stale).toMatchObject({ status: 403, body: { code: 'REAUTHENTICATION_REQUIRED' } });
    const [identity] = await linkedOnce(await newMember(app));
    expect(identity).toBeDefined();
  });

  async function linkedOnce(member: Awaited<ReturnType<typeof newMember>>) {
    expect((await link(member, stand.hostile, { sub: newName() })).error).toBeNull();
    return identitiesOf(member.client);
  }

  it('is begun by no link on another page, and by no sign-in', async () => {
    const { app, hostile } = stand;
    const { id, client } = await newMember(app);
    for (const query of ['link=1', 'purpose=link']) {
      expect((await client.get(`/auth/oauth/hostile?${query}`)).status).toBe(400);
    }
    expect((await client.get('/auth/oauth/hostile/link')).status).toBe(404);
    const stranger = { sub: newName(), email: newAddress() };
    await open(client, hostile.approve(await begin(client, 'hostile'), stranger));
    // Another account is signed in now: nothing was added to the one that was.
    expect(await whoIs(client)).not.toMatchObject({ id });
    expect(await app.dataSource.query('SELECT id FROM auth_identities WHERE user_id = $1', [id])).toEqual([]);
  });

  it.each([
    ['signed out meanwhile', (member) => member.client.post('/auth/logout', {})],
    ['signed out everywhere', (member) => anotherBrowserEnds(member)],
    ['whose password was changed meanwhile', (member) => changePassword(member)],
  ] as [string, (member: Awaited<ReturnType<typeof newMember>>) => Promise<unknown>][])(
    'refuses somebody %s',
    async (_what, end) => {
      const { app, hostile } = stand;
      const member = await newMember(app);
      const back = hostile.approve(await beginLink(member.client), { sub: newName() });
      await end(member);
      const before = (await rowsOf(app))['auth_identities'];
      expect(landingOf(await open(member.client, back)).error).not.toBeNull();
      expect((await rowsOf(app))['auth_identities']).toBe(before);
    },
  );

  async function anotherBrowserEnds({ email }: { email: string }): Promise<void> {
    const other = stand.app.client();
    await other.signIn(email);
    expect((await other.delete('/auth/sessions?keepCurrent=true')).status).toBe(200);
  }

  async function changePassword({ email }: { email: string }): Promise<void> {
    const other = stand.app.client();
    await other.signIn(email);
    const body = { currentPassword: PASSWORD, password: 'another correct horse battery' };
    expect((await other.post('/auth/password/change', body)).status).toBe(200);
  }

  it('refuses the session of another person in the same browser', async () => {
    const { app, hostile } = stand;
    const [ada, bea] = [await newMember(app), await newMember(app)];
    const back = hostile.approve(await beginLink(ada.client), { sub: newName() });
    await ada.client.signIn(bea.email);
    expect(landingOf(await open(ada.client, back)).error).not.toBeNull();
    expect(await identitiesOf(ada.client)).toEqual([]);
    expect(await identitiesOf(bea.client)).toEqual([]);
  });

  it('refuses the session of another person beside one that goes on elsewhere', async () => {
    const { app, hostile } = stand;
    const [ada, bea] = [await newMember(app), await newMember(app)];
    const back = hostile.approve(await beginLink(ada.client), { sub: newName() });
    const shared = app.client();
    for (const [name, value] of ada.client.cookies) shared.cookies.set(name, value);
    shared.cookies.set('auth_session', bea.client.cookies.get('auth_session')!);
    expect(landingOf(await open(shared, back)).error).toBe('OAUTH_FAILED');
    expect(await whoIs(shared)).toMatchObject({ id: bea.id });
    expect(await identitiesOf(ada.client)).toEqual([]);
    expect(await identitiesOf(bea.client)).toEqual([]);
  });

  it('refuses a browser that holds the flow and not the session', async () => {
    const { app, hostile } = stand;
    const member = await newMember(app);
    const back = hostile.approve(await beginLink(member.client), { sub: newName() });
    const other = app.client();
    for (const [name, value] of member.client.cookies) if (name !== 'auth_session') other.cookies.set(name, value);
    expect(landingOf(await open(other, back)).error).toBe('OAUTH_FAILED');
    expect(await identitiesOf(member.client)).toEqual([]);
  });

  it('refuses the callback of an attacker in the victim’s browser', async () => {
    const { app, hostile } = stand;
    const [attacker, victim] = [await newMember(app), await newMember(app)];
    const back = hostile.approve(await beginLink(attacker.client), { sub: newName() });
    await beginLink(victim.client);
    expect(landingOf(await open(victim.client, back)).error).toBe('OAUTH_FAILED');
    expect(await identitiesOf(victim.client)).toEqual([]);
  });

  it('refuses an identity of somebody else', async () => {
    const { app, hostile } = stand;
    const identity = { sub: newName() };
    const [ada, bea] = [await newMember(app), await newMember(app)];
    expect((await link(ada, hostile, identity)).error).toBeNull();
    expect((await link(bea, hostile, identity)).error).toBe('ALREADY_LINKED');
    expect(await identitiesOf(bea.client)).toEqual([]);
    expect(await identitiesOf(ada.client)).toHaveLength(1);
  });

  it('gives an identity that 30 ask for at once to one', async () => {
    const { app, hostile } = stand;
    const identity = { sub: newName() };
    // One after the other: sign-ins at once from one address count as wrong until they are known to be right.
    const members: Awaited<ReturnType<typeof newMember>>[] = [];
    while (members.length < 30) members.push(await newMember(app));
    const landings = await Promise.all(members.map((member) => link(member, hostile, identity)));
    expect(landings.filter(({ error }) => error === null)).toHaveLength(1);
    expect(new Set(landings.map(({ error }) => error))).toEqual(new Set([null, 'ALREADY_LINKED']));
    const counts = await Promise.all(members.map(async ({ client }) => (await identitiesOf(client)).length));
    expect(counts.filter((count) => count === 1)).toHaveLength(1);
  });

  it('leaves the owner a way in while strangers lock the password', async () => {
    const { app, hostile } = stand;
    const member = await newMember(app);
    const identity = { sub: newName() };
    await link(member, hostile, identity);
    const stranger = app.client();
    for (let wrong = 0; wrong < 5; wrong += 1) await stranger.signIn(member.email, 'a wrong password altogether');
    const elsewhere = app.client();
    expect((await elsewhere.signIn(member.email)).status).toBe(429);
    expect((await through(elsewhere, hostile, identity)).error).toBeNull();
    expect(await whoIs(elsewhere)).toMatchObject({ id: member.id });
  });

  describe('unlinking', () => {
    it('ends the other sessions and what the identity opens', async () => {
      const { app, hostile } = stand;
      const member = await newMember(app);
      const identity = { sub: newName(), email: member.email, emailVerified: false };
      await link(member, hostile, identity);
      const elsewhere = app.client();
      await through(elsewhere, hostile, identity);
      const { id } = await onlyIdentity(member.client);
      expect((await member.client.delete(`/auth/identities/${id}`)).status).toBe(200);
      expect(await whoIs(member.client)).toMatchObject({ id: member.id });
      expect(await whoIs(elsewhere)).toBeNull();
      const again = app.client();
      await through(again, hostile, identity);
      expect(await whoIs(again)).toBeNull();
    });

    it('is for the owner, in a fresh session', async () => {
      const { app, hostile } = stand;
      const [ada, bea] = [await newMember(app), await newMember(app)];
      await link(ada, hostile, { sub: newName() });
      const { id } = await onlyIdentity(ada.client);
      expect((await app.client().delete(`/auth/identities/${id}`)).status).toBe(401);
      expect((await bea.client.delete(`/auth/identities/${id}`)).status).toBe(404);
      expect((await ada.client.delete(`/auth/identities/${id}`, { csrf: false })).body.code).toBe('CSRF_FAILED');
      expect((await ada.client.delete(`/auth/identities/${id}%00`)).status).toBe(404);
      clock.advance(6 * MINUTE_MS);
      expect((await ada.client.delete(`/auth/identities/${id}`)).body.code).toBe('REAUTHENTICATION_REQUIRED');
      expect(await identitiesOf(ada.client)).toHaveLength(1);
    });

    it('refuses the last way in', async () => {
      const { client } = await federated(stand);
      const { id } = await onlyIdentity(client);
      const refused = await client.delete(`/auth/identities/${id}`);
      expect(refused).toMatchObject({ status: 409, body: { code: 'LAST_SIGN_IN_METHOD' } });
      expect((await client.post('/auth/password/set', { password: PASSWORD })).status).toBe(200);
      expect((await client.delete(`/auth/identities/${id}`)).status).toBe(200);
      expect(await identitiesOf(client)).toEqual([]);
    });

    it('leaves one of two that go at once', async () => {
      const { app, hostile } = stand;
      const identity = { sub: newName() };
      const member = await federated(stand, identity);
      expect((await link(member, hostile, { sub: newName() })).error).toBeNull();
      const elsewhere = app.client();
      await through(elsewhere, hostile, identity);
      const [one, two] = await identitiesOf(member.client);
      const answers = await Promise.all([
        member.client.delete(`/auth/identities/${one!.id}`),
        elsewhere.delete(`/auth/identities/${two!.id}`),
      ]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      // The winner’s session goes on, and shows what is left.
      const seen = await Promise.all([member.client, elsewhere].map((client) => client.get('/auth/identities')));
      expect(seen.find(({ status }) => status === 200)?.body.items).toHaveLength(1);
    });
  });
});
