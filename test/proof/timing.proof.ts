import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, StateStore, type AuthOptions } from '../../lib/index.js';
import { Passwords, type PasswordVerification } from '../../lib/passwords/passwords.service.js';
import { CsrfProtection } from '../../lib/access/csrf-protection.js';
import { Keyring } from '../../lib/keys/keyring.js';
import { TestClock, UnlimitedStateStore } from '../../lib/testing/index.js';
import { freshAddress, tryPassword, WRONG } from '../attempts/kit.js';
import { addressOf, MAIL_REQUESTS, makeAccounts, nobodys, type MailRequestName } from '../flows/mail-request-lab.js';
import { WhoController } from '../sessions/kit.js';
import { PASSWORD, STACKS, startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import { auc, INDISTINCT, timePairs, type Timed } from './auc.js';

const PAIRS = 1_000;
const [LOW, HIGH] = INDISTINCT;

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Real bcrypt at the cheapest cost: what is left to see is everything else. */
async function start(setup: AppSetup, auth: Partial<AuthOptions<User>> = {}): Promise<TestApp> {
  running = await startApp({
    hasher: 'real',
    controllers: [WhoController],
    ...setup,
    auth: { passwords: { cost: 4 }, rateLimits: { multiplier: 1_000_000 }, ...auth },
  });
  return running;
}

/** A hundred wrong passwords in a row stop the account, which is then nobody's: what is measured must not become that. */
function forgiving(app: TestApp): () => Promise<unknown> {
  return () => app.dataSource.query('UPDATE auth_accounts SET failed_in_row = 0');
}

const unlimited: AppSetup = {
  override: (builder) => {
    builder.overrideProvider(StateStore).useClass(UnlimitedStateStore);
    return builder;
  },
};

function judged(label: string, { first, second }: Timed): number {
  const value = auc(first, second);
  console.log(
    `${label}: AUC ${value.toFixed(4)}, medians ${median(first).toFixed(3)} and ${median(second).toFixed(3)} ms`,
  );
  return value;
}

function expectIndistinct(label: string, timed: Timed): void {
  const value = judged(label, timed);
  expect(value, label).toBeGreaterThan(LOW);
  expect(value, label).toBeLessThan(HIGH);
}

describe.each(STACKS)(`${PAIRS} pairs of sign-ins on $database and $store`, (stack) => {
  it.each(['known', 'disabled', 'passwordless'] as const)('nobody and a %s account', async (kind) => {
    const app = await start({ ...stack, ...unlimited });
    await makeAccounts(app);
    const client = app.client();
    const ask = async (email: string): Promise<void> => expect((await client.signIn(email, WRONG)).status).toBe(401);
    const timed = await timePairs(
      PAIRS,
      () => ask(addressOf(kind)),
      () => ask(nobodys(kind)),
      forgiving(app),
    );
    expectIndistinct(`sign-in ${stack.database} ${kind}`, timed);
  });

  it('a locked account and a locked name of nobody', async () => {
    const app = await start({ ...stack, clock: new TestClock() }, { trustedProxyHops: 1 });
    await app.get(Accounts).create({ email: 'locked@example.com', password: PASSWORD });
    for (const email of ['locked@example.com', 'nobody@example.com'])
      for (let time = 0; time < 5; time += 1) await tryPassword(app, email);
    const ask = async (email: string): Promise<void> => expect((await tryPassword(app, email)).status).toBe(429);
    const timed = await timePairs(
      PAIRS,
      () => ask('locked@example.com'),
      () => ask('nobody@example.com'),
    );
    expectIndistinct(`locked ${stack.database}`, timed);
  });
});

/** The trap itself: what stands for a missing hash is answered at once. */
@Injectable()
class SentinelPasswords extends Passwords {
  override async verify(
    ...[password, stored, options]: Parameters<Passwords['verify']>
  ): Promise<PasswordVerification> {
    return stored === null ? { matches: false, rehash: false } : super.verify(password, stored, options);
  }
}

describe('the control', () => {
  it('tells nobody from somebody by a hash that is left out', async () => {
    const app = await start({
      override: (builder) => {
        builder.overrideProvider(StateStore).useClass(UnlimitedStateStore);
        builder.overrideProvider(Passwords).useClass(SentinelPasswords);
        return builder;
      },
    });
    await makeAccounts(app);
    const client = app.client();
    const ask = (email: string): Promise<unknown> => client.signIn(email, WRONG);
    const timed = await timePairs(
      PAIRS,
      () => ask(addressOf('known')),
      () => ask(nobodys('known')),
      forgiving(app),
    );
    expect(judged('control: no hash', timed)).toBeGreaterThan(HIGH);
  });

  it('tells a tenth of the time from none', async () => {
    const app = await start(unlimited);
    await makeAccounts(app);
    const client = app.client();
    const ask = (email: string): Promise<unknown> => client.signIn(email, WRONG);
    const { first } = await timePairs(
      100,
      () => ask(addressOf('known')),
      () => ask(nobodys('known')),
      forgiving(app),
    );
    const tenth = median(first) / 10;
    const longer = async (): Promise<void> => {
      await ask(addressOf('known'));
      for (const end = performance.now() + tenth; performance.now() < end;) continue;
    };
    const timed = await timePairs(PAIRS, longer, () => ask(nobodys('known')), forgiving(app));
    expect(judged('control: a tenth', timed)).toBeGreaterThan(HIGH);
  });
});

describe(`${PAIRS} pairs of requests for mail`, () => {
  it.each(Object.keys(MAIL_REQUESTS) as MailRequestName[])('%s for somebody and for nobody', async (name) => {
    const app = await start(STACKS[1]!, { emailVerification: 'required' });
    await makeAccounts(app);
    const client = app.client();
    const ask = async (email: string): Promise<void> => {
      expect((await MAIL_REQUESTS[name](client, email)).status).toBe(202);
    };
    const timed = await timePairs(
      PAIRS,
      () => ask(addressOf('known')),
      () => ask(nobodys('known')),
    );
    expectIndistinct(name, timed);
  });

  it('a wrong mailed code of somebody and of nobody', async () => {
    const app = await start(unlimited);
    await makeAccounts(app);
    const client = app.client();
    const begin = async (email: string): Promise<string> =>
      (await client.post('/auth/email-code/request', { email })).body.challenge;
    const [known, nobody] = [await begin(addressOf('known')), await begin(nobodys('known'))];
    const ask = async (challenge: string): Promise<void> =>
      expect((await client.post('/auth/email-code', { challenge, code: '000000' })).status).toBe(400);
    expectIndistinct(
      'mailed code',
      await timePairs(
        PAIRS,
        () => ask(known),
        () => ask(nobody),
      ),
    );
  });
});

describe(`${PAIRS} pairs of comparisons`, () => {
  it('a CSRF token that is wrong at its first and at its last character', async () => {
    const app = await start(unlimited);
    const token = app.get(CsrfProtection).csrfToken('seed');
    const keyring = app.get(Keyring);
    const dot = token.indexOf('.') + 1;
    const wrong = (at: number): string => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    const [early, late] = [wrong(dot), wrong(token.length - 2)];
    const ask = async (text: string): Promise<void> => {
      for (let time = 0; time < 50; time += 1) if (keyring.verify('csrf', text, 'seed')) throw new Error('It is good.');
    };
    expectIndistinct(
      'MAC',
      await timePairs(
        PAIRS,
        () => ask(early),
        () => ask(late),
      ),
    );
  });

  it('a session cookie with a signature that is wrong at its beginning and at its end', async () => {
    const app = await start(unlimited);
    await app.get(Accounts).create({ email: 'ada@example.com', password: PASSWORD });
    const browser = app.client();
    expect((await browser.signIn('ada@example.com')).status).toBe(200);
    const cookie = browser.cookies.get('auth_session')!;
    const dot = cookie.lastIndexOf('.') + 1;
    const wrong = (at: number): string => cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1);
    const ask = async (value: string): Promise<void> => {
      const headers = { cookie: `auth_session=${value}`, 'x-forwarded-for': freshAddress() };
      expect((await app.client().get('/whoami', { headers })).status).toBe(401);
    };
    const [early, late] = [wrong(dot), wrong(cookie.length - 2)];
    expectIndistinct(
      'session cookie',
      await timePairs(
        PAIRS,
        () => ask(early),
        () => ask(late),
      ),
    );
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
