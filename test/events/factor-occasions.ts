import type { AuthEventType } from '../../lib/index.js';
import type { Answer, Client } from '../support/client.js';
import { authenticator, notThe, STEP_MS } from '../totp/kit.js';
import { expectStatus } from './kit.js';
import type { Known, Occasion, Trail } from './trail.js';

const secrets = new Map<string, { readonly secret: string; readonly recoveryCodes: readonly string[] }>();

async function enrol(trail: Trail, { browser }: Known): Promise<string> {
  const { secret } = expectStatus(await browser.post('/auth/totp/enroll', {}), 200).body;
  trail.keep(secret);
  return secret;
}

async function guard(trail: Trail, person: Known): Promise<void> {
  const secret = await enrol(trail, person);
  const code = authenticator(secret, trail.clock.now());
  const { recoveryCodes } = expectStatus(await person.browser.post('/auth/totp/confirm', { code }), 200).body;
  trail.keep(...recoveryCodes);
  secrets.set(person.id, { secret, recoveryCodes });
  trail.clock.advance(STEP_MS);
}

const codeOf = (trail: Trail, { id }: Known): string => authenticator(secrets.get(id)!.secret, trail.clock.now());

async function begin(
  trail: Trail,
  { email }: Known,
  browser: Client = trail.app.client(),
): Promise<(proof: object) => Promise<Answer>> {
  const { challenge } = expectStatus(await browser.signIn(email), 200).body;
  return (proof) => browser.post('/auth/second-factor', { challenge, ...proof });
}

const LETTER = 'second-factor-changed';

export const FACTORS: readonly Occasion[] = [
  {
    what: 'an authenticator that is set up, at the second try',
    events: ['second_factor.enable_failed', 'second_factor.enabled'],
    letters: [LETTER],
    signedIn: true,
    run: async (trail, person) => {
      const code = authenticator(await enrol(trail, person), trail.clock.now());
      expectStatus(await person.browser.post('/auth/totp/confirm', { code: notThe(code) }), 400);
      expectStatus(await person.browser.post('/auth/totp/confirm', { code }), 200);
    },
  },
  {
    what: 'a sign-in with a code of it',
    events: ['sign_in.second_factor_due', 'sign_in.succeeded'],
    letters: ['new-device'],
    signedIn: true,
    given: guard,
    run: async (trail, person) =>
      expectStatus(await (await begin(trail, person))({ code: codeOf(trail, person) }), 200),
  },
  {
    what: 'a sign-in with a recovery code, in the browser that is signed in',
    events: ['sign_in.second_factor_due', 'recovery_code.used', 'sign_in.succeeded', 'session.ended'],
    letters: [LETTER],
    signedIn: true,
    given: guard,
    run: async (trail, person) => {
      const [recoveryCode] = secrets.get(person.id)!.recoveryCodes;
      expectStatus(await (await begin(trail, person, person.browser))({ recoveryCode }), 200);
    },
  },
  {
    what: 'ten wrong codes, and one that the lock refuses',
    events: [
      ...new Array<AuthEventType>(3).fill('sign_in.second_factor_due'),
      ...new Array<AuthEventType>(10).fill('sign_in.failed'),
      'second_factor.locked',
    ],
    letters: [LETTER],
    signedIn: true,
    given: guard,
    run: async (trail, person) => {
      const code = notThe(codeOf(trail, person));
      for (const statuses of [[400, 400, 400, 400, 400], [400, 400, 400, 400, 400], [429]]) {
        const finish = await begin(trail, person);
        for (const status of statuses) expectStatus(await finish({ code }), status);
      }
    },
  },
  {
    what: 'recovery codes that are replaced',
    events: ['recovery_codes.replaced'],
    letters: [LETTER],
    signedIn: true,
    given: guard,
    run: async (_trail, { browser }) => expectStatus(await browser.post('/auth/recovery-codes', {}), 200),
  },
  {
    what: 'an authenticator that is removed',
    events: ['second_factor.disabled'],
    letters: [LETTER],
    signedIn: true,
    given: guard,
    run: async (_trail, { browser }) => expectStatus(await browser.post('/auth/totp/disable', {}), 200),
  },
];
