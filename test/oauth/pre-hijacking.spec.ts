import { createHash, randomUUID } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Passkey } from '../../lib/features/passkeys/passkey.entity.js';
import { Accounts, Jobs } from '../../lib/index.js';
import { PASSWORD, STACKS, User } from '../support/app.js';
import type { Client } from '../support/client.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { identitiesOf, link, newAddress, newName, rowsOf, startHostileStand, through, whoIs } from './kit.js';
import type { Member, OAuthStand } from './kit.js';

/**
 * Attacks on accounts before they are created (Sudhodanan & Paverd, USENIX Security 2022), with a provider: Mallory makes
 * an account for an address that is not hers, and waits for its owner to come by another way.
 */
const NATIVE = 'com.example.notes:/signed-in';
const MALLORY = 'the passphrase of mallory';
const [EMBEDDED] = STACKS;

let stand: OAuthStand;
let mailbox: Mailbox;
beforeAll(async () => {
  mailbox = await startMailbox();
  const text = v.optional(v.string());
  const auth = {
    // Lets Mallory sign in unproven, so that she can do the most.
    emailVerification: 'optional',
    mail: mailbox.options,
    jobs: 'manual',
    profile: { fields: v.object({ displayName: text }) },
  } as const;
  stand = await startHostileStand({ ...EMBEDDED, auth }, { linkByVerifiedEmail: true, nativeRedirects: [NATIVE] });
});
afterAll(async () => {
  await stand.close();
  await mailbox.close();
});

async function deliver(): Promise<void> {
  while ((await stand.app.get(Jobs).run('outbox')) > 0);
}

/** Mallory’s account for the address of somebody else, and the browser that she stays signed in with. */
async function mallory(): Promise<Member> {
  const email = newAddress();
  const client = stand.app.client();
  await client.register(email, MALLORY);
  const { body } = await client.signIn(email, MALLORY, { rememberMe: true });
  return { id: body.user.id, email, client };
}

/** The owner of the address signs in through a provider that has verified it. */
async function owner({ email }: Pick<Member, 'email'>): Promise<Client> {
  const client = stand.app.client();
  expect((await through(client, stand.hostile, { sub: newName(), email })).error).toBeNull();
  expect(await whoIs(client)).toMatchObject({ email, emailVerified: true });
  return client;
}

const CREDENTIAL_TABLES = ['auth_totp', 'auth_recovery_codes', 'auth_passkeys', 'auth_identities'] as const;

/** Everything that can be set up in an account: a name, an authenticator app with recovery codes, a passkey, an identity. */
async function atHome(squatter: Member): Promise<void> {
  const { client, id } = squatter;
  expect((await client.call('PATCH', '/auth/me', { body: { displayName: 'Mallory' } })).status).toBe(200);
  await link(squatter, stand.hostile, { sub: newName() });
  const { secret } = (await client.post('/auth/totp/enroll', {})).body;
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  expect((await client.post('/auth/totp/confirm', { code })).status).toBe(200);
  await stand.app.dataSource.getRepository(Passkey).insert({
    id: randomUUID(),
    userId: id,
    credentialId: id,
    credentialHash: id,
    publicKey: 'a key',
    counter: 0,
    transports: [],
    deviceType: 'singleDevice',
    backedUp: false,
    aaguid: '',
    name: 'of Mallory',
    createdAt: Date.now(),
    lastUsedAt: null,
    clonedAt: null,
  });
}

async function rowsOfUser(id: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of CREDENTIAL_TABLES) {
    counts[table] = (await stand.app.dataSource.query(`SELECT * FROM ${table} WHERE user_id = '${id}'`)).length;
  }
  return counts;
}

describe('classic-federated merge', () => {
  it('leaves nothing that was set up in the account, and asks the owner for no factor of it', async () => {
    const squatter = await mallory();
    await atHome(squatter);
    expect(Object.values(await rowsOfUser(squatter.id)).every((rows) => rows > 0)).toBe(true);
    const client = await owner(squatter);
    expect(await rowsOfUser(squatter.id)).toEqual({
      auth_totp: 0,
      auth_recovery_codes: 0,
      auth_passkeys: 0,
      auth_identities: 1,
    });
    expect((await client.get('/auth/second-factor')).body).toEqual({ totp: false, passkeys: 0, recoveryCodesLeft: 0 });
    expect(await whoIs(squatter.client)).toBeNull();
    expect((await stand.app.client().signIn(squatter.email, MALLORY)).status).toBe(401);
  });

  it('leaves nothing where the owner comes with a native application', async () => {
    const squatter = await mallory();
    await atHome(squatter);
    const [browser, verifier] = [stand.app.client(), 'v'.repeat(64)];
    const code_challenge = createHash('sha256').update(verifier).digest('base64url');
    const query = { deliver: 'tokens', code_challenge, returnTo: NATIVE };
    const { code, challenge } = await through(browser, stand.hostile, { sub: newName(), email: squatter.email }, query);
    expect(challenge).toBeNull();
    const grant = { grant_type: 'authorization_code', code, code_verifier: verifier };
    expect((await browser.post('/auth/token', grant)).status).toBe(200);
    expect(await rowsOfUser(squatter.id)).toMatchObject({ auth_totp: 0, auth_passkeys: 0, auth_identities: 1 });
    expect(await whoIs(squatter.client)).toBeNull();
  });

  it('leaves neither password nor fields of the one who came first', async () => {
    const squatter = await mallory();
    const named = await squatter.client.call('PATCH', '/auth/me', { body: { displayName: 'Mallory' } });
    expect(named.status).toBe(200);
    await owner(squatter);
    expect((await stand.app.client().signIn(squatter.email, MALLORY)).status).toBe(401);
    const [row] = await stand.app.dataSource.getRepository(User).findBy({ emailCanonical: squatter.email });
    expect(row).toMatchObject({ displayName: null });
  });

  it('leaves no reset link of the one who came first', async () => {
    const squatter = await mallory();
    await stand.app.client().post('/auth/password/forgot', { email: squatter.email });
    await deliver();
    const { token } = await mailbox.next(squatter.email, 'reset-password');
    await owner(squatter);
    const reset = await stand.app.client().post('/auth/password/reset', { token, password: MALLORY });
    expect(reset.body.code).toBe('INVALID_TOKEN');
  });

  it('happens once: afterwards the owner keeps what is set', async () => {
    const squatter = await mallory();
    const client = await owner(squatter);
    expect((await client.post('/auth/password/set', { password: PASSWORD })).status).toBe(200);
    expect((await stand.app.client().signIn(squatter.email)).status).toBe(200);
    await owner(squatter);
    expect((await stand.app.client().signIn(squatter.email)).status).toBe(200);
  });
});

describe('unexpired session', () => {
  it('ends with the owner’s first sign-in, as cookie and as tokens', async () => {
    const squatter = await mallory();
    const tokens = await stand.app.client().signIn(squatter.email, MALLORY, { deliver: 'tokens' });
    await owner(squatter);
    expect(await whoIs(squatter.client)).toBeNull();
    const bearer = { headers: { authorization: `Bearer ${tokens.body.access_token}` } };
    expect((await stand.app.client().get('/auth/me', bearer)).status).toBe(401);
    const { refresh_token } = tokens.body;
    const refreshed = await stand.app.client().post('/auth/token/refresh', { refresh_token });
    expect(refreshed.body.code).toBe('INVALID_REFRESH_TOKEN');
  });
});

describe('trojan identifier', () => {
  it('an identity that was linked before the owner came opens nothing', async () => {
    const squatter = await mallory();
    const trojan = { sub: newName(), email: newAddress() };
    // Where an unproven account may link at all, the link goes with the proof.
    await link(squatter, stand.hostile, trojan);
    const client = await owner(squatter);
    expect(await identitiesOf(client)).toHaveLength(1);
    const back = stand.app.client();
    await through(back, stand.hostile, trojan);
    expect((await whoIs(back))?.email).not.toBe(squatter.email);
  });

  it('nor does one whose link was begun before, and ends after', async () => {
    const squatter = await mallory();
    const { body } = await squatter.client.post('/auth/oauth/hostile/link', {});
    const client = await owner(squatter);
    if (typeof body.url === 'string') {
      const back = stand.hostile.approve(body.url, { sub: newName(), email: newAddress() });
      await squatter.client.get(back.pathname + back.search);
    }
    expect(await identitiesOf(client)).toHaveLength(1);
  });
});

describe('unexpired email change', () => {
  it('a link from before the owner came moves the account nowhere', async () => {
    const squatter = await mallory();
    const mine = newAddress();
    expect((await squatter.client.post('/auth/email/change/request', { email: mine })).status).toBe(202);
    await deliver();
    const { token } = await mailbox.next(mine, 'change-email');
    const client = await owner(squatter);
    expect((await stand.app.client().post('/auth/email/change', { token })).body.code).toBe('INVALID_TOKEN');
    expect((await whoIs(client))?.email).toBe(squatter.email);
  });

  it('a link to the address of somebody who has come meanwhile is dead', async () => {
    const email = newAddress();
    const attacker = await mallory();
    await attacker.client.post('/auth/email/change/request', { email });
    await deliver();
    const { token } = await mailbox.next(email, 'change-email');
    const client = await owner({ email });
    expect((await stand.app.client().post('/auth/email/change', { token })).body.code).toBe('INVALID_TOKEN');
    expect((await whoIs(client))?.email).toBe(email);
  });
});

describe('non-verifying provider', () => {
  it('makes no account for the address of somebody else', async () => {
    const email = newAddress();
    const client = stand.app.client();
    const before = await rowsOf(stand.app);
    const landing = await through(client, stand.hostile, { sub: newName(), email, emailVerified: false });
    expect(landing.error).toBe('OAUTH_LINK_REQUIRED');
    expect(await whoIs(client)).toBeNull();
    expect(await rowsOf(stand.app)).toEqual(before);
  });

  it('gets into no account that is there', async () => {
    const email = newAddress();
    await stand.app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true });
    const client = stand.app.client();
    await through(client, stand.hostile, { sub: newName(), email, emailVerified: false });
    expect(await whoIs(client)).toBeNull();
  });

  it('proves no address by what it says later', async () => {
    const squatter = await mallory();
    const trojan = { sub: newName(), email: newAddress() };
    await link(squatter, stand.hostile, trojan);
    const client = stand.app.client();
    await through(client, stand.hostile, { ...trojan, email: squatter.email, emailVerified: false });
    const [row] = await stand.app.dataSource.getRepository(User).findBy({ emailCanonical: squatter.email });
    expect(row?.emailVerifiedAt).toBeNull();
  });
});
