import { createHash, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthHooks, Jobs } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import type { Client } from '../support/client.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { link, newMember, newName, rowsOf, startHostileStand, through, type Landing, type OAuthStand } from './kit.js';
import type { Approval } from './hostile-provider.js';

const NATIVE = 'com.example.notes:/signed-in';
let refusing = false;
class Hooks extends AuthHooks {
  override beforeSignIn(): boolean {
    return !refusing;
  }
}

let stand: OAuthStand;
let mailbox: Mailbox;
const clock = new TestClock();
beforeAll(async () => {
  mailbox = await startMailbox();
  const overrides = [{ provide: AuthHooks, useClass: Hooks }];
  const auth = { emailVerification: 'optional', mail: mailbox.options, jobs: 'manual', overrides } as const;
  stand = await startHostileStand({ clock, auth }, { linkByVerifiedEmail: true, nativeRedirects: [NATIVE] });
});
afterAll(async () => {
  await stand.close();
  await mailbox.close();
});

const secret = randomBytes(32).toString('base64url');

function native(approval: Approval, browser: Client = stand.app.client()): Promise<Landing> {
  const code_challenge = createHash('sha256').update(secret).digest('base64url');
  return through(browser, stand.hostile, approval, { deliver: 'tokens', code_challenge, returnTo: NATIVE });
}

const redeem = ({ code }: Landing, code_verifier = secret) =>
  stand.app.client().post('/auth/token', { grant_type: 'authorization_code', code, code_verifier });

describe('a native application and the account', () => {
  it.each([false, true])('the owner is told of a browser unless it is known: %s', async (known) => {
    const member = await newMember(stand.app);
    const sub = newName();
    expect((await link(member, stand.hostile, { sub })).error).toBeNull();
    clock.advance(1_000);
    const landing = await native({ sub }, known ? member.client : undefined);
    expect((await redeem(landing)).status).toBe(200);
    while ((await stand.app.get(Jobs).run('outbox')) > 0);
    const letters = mailbox.all(member.email).filter(({ kind }) => kind === 'new-device');
    expect(letters).toHaveLength(known ? 0 : 1);
    const sql = `SELECT details FROM auth_audit WHERE type = 'sign_in.succeeded' AND subject_id = '${member.id}' ORDER BY id`;
    const rows = await stand.app.dataSource.query(sql);
    expect(JSON.parse(rows.at(-1).details)).toMatchObject({ method: 'oauth', knownBrowser: known, delivery: 'tokens' });
  });

  it.each([false, true])(
    'a veto leaves no identity and drops nothing, of an address proven here: %s',
    async (proven) => {
      const member = await newMember(stand.app, { emailVerified: proven });
      const before = await rowsOf(stand.app);
      refusing = true;
      try {
        const landing = await native({ sub: newName(), email: member.email });
        expect(landing).toMatchObject({ error: 'OAUTH_FAILED', code: null });
      } finally {
        refusing = false;
      }
      expect(await rowsOf(stand.app)).toEqual(before);
      expect((await stand.app.client().signIn(member.email)).body.status).toBe('signed_in');
    },
  );

  it('a second factor is asked for behind the verifier, and nothing in the address signs in', async () => {
    const member = await newMember(stand.app);
    const sub = newName();
    expect((await link(member, stand.hostile, { sub })).error).toBeNull();
    const owner = stand.app.client();
    await owner.signIn(member.email);
    const totp = new TOTP({ secret: Secret.fromBase32((await owner.post('/auth/totp/enroll', {})).body.secret) });
    const code = () => totp.generate({ timestamp: clock.now() });
    expect((await owner.post('/auth/totp/confirm', { code: code() })).status).toBe(200);
    clock.advance(30_000);

    const stolen = await native({ sub });
    expect(stolen).toMatchObject({ challenge: null, code: expect.any(String) });
    expect((await redeem(stolen, 'v'.repeat(43))).status).toBe(401);

    const asked = await redeem(await native({ sub }));
    expect(asked.status).toBe(403);
    const { challenge } = asked.body;
    expect(asked.body).toMatchObject({ code: 'MFA_REQUIRED', methods: expect.arrayContaining(['code']) });
    const done = await stand.app.client().post('/auth/second-factor', { challenge, code: code() });
    expect(done.body).toMatchObject({ status: 'signed_in', access_token: expect.any(String) });
  });
});
