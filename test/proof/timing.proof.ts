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
import type { Answer } from '../support/client.js';
import { PASSWORD, STACKS, startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import { auc, INDISTINCT, timePairs, type Timed } from './auc.js';
import { Stopwatch } from './stopwatch.js';

const PAIRS = 1_000;
const [LOW, HIGH] = INDISTINCT;

let running: TestApp | undefined;
let client: Stopwatch;
afterEach(async () => {
  await client.close();
  await running?.close();
  running = undefined;
});

/** How long the request takes that is to be answered so. */
async function timed(status: number, asked: Promise<Answer>): Promise<number> {
  expect((await asked).status).toBe(status);
  return client.ms;
}

/** Real bcrypt at the cheapest cost: what is left to see is everything else. */
async function start(setup: AppSetup, auth: Partial<AuthOptions<User>> = {}): Promise<TestApp> {
  running = await startApp({
    hasher: 'real',
    controllers: [WhoController],
    ...setup,
    auth: { passwords: { cost: 4 }, rateLimits: { multiplier: 1_000_000 }, ...auth },
  });
  client = new Stopwatch(running.url);
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
    const ask = (email: string): Promise<number> => timed(401, client.signIn(email, WRONG));
    const pairs = await timePairs(
      PAIRS,
      () => ask(addressOf(kind)),
      () => ask(nobodys(kind)),
      forgiving(app),
    );
    expectIndistinct(`sign-in ${stack.database} ${kind}`, pairs);
  });

  it('a locked account and a locked name of nobody', async () => {
    const app = await start({ ...stack, clock: new TestClock() }, { trustedProxyHops: 1 });
    await app.get(Accounts).create({ email: 'locked@example.com', password: PASSWORD });
    for (const email of ['locked@example.com', 'nobody@example.com'])
      for (let time = 0; time < 5; time += 1) await tryPassword(app, email);
    const ask = (email: string): Promise<number> => timed(429, tryPassword(app, email, { browser: client }));
    const pairs = await timePairs(
      PAIRS,
      () => ask('locked@example.com'),
      () => ask('nobody@example.com'),
    );
    expectIndistinct(`locked ${stack.database}`, pairs);
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
    const ask = (email: string): Promise<number> => timed(401, client.signIn(email, WRONG));
    const pairs = await timePairs(
      PAIRS,
      () => ask(addressOf('known')),
      () => ask(nobodys('known')),
      forgiving(app),
    );
    expect(judged('control: no hash', pairs)).toBeGreaterThan(HIGH);
  });

  it('tells a tenth of the time from none', async () => {
    const app = await start(unlimited);
    await makeAccounts(app);
    const ask = (email: string): Promise<number> => timed(401, client.signIn(email, WRONG));
    const { first } = await timePairs(
      100,
      () => ask(addressOf('known')),
      () => ask(nobodys('known')),
      forgiving(app),
    );
    const tenth = median(first) / 10;
    const longer = async (): Promise<number> => (await ask(addressOf('known'))) + tenth;
    const pairs = await timePairs(PAIRS, longer, () => ask(nobodys('known')), forgiving(app));
    expect(judged('control: a tenth', pairs)).toBeGreaterThan(HIGH);
  });
});

describe(`${PAIRS} pairs of requests for mail`, () => {
  it.each(Object.keys(MAIL_REQUESTS) as MailRequestName[])('%s for somebody and for nobody', async (name) => {
    const app = await start(STACKS[1]!, { emailVerification: 'required' });
    await makeAccounts(app);
    const ask = (email: string): Promise<number> => timed(202, MAIL_REQUESTS[name](client, email));
    const pairs = await timePairs(
      PAIRS,
      () => ask(addressOf('known')),
      () => ask(nobodys('known')),
    );
    expectIndistinct(name, pairs);
  });

  it('a wrong mailed code of somebody and of nobody', async () => {
    const app = await start(unlimited);
    await makeAccounts(app);
    const browser = app.client();
    const begin = async (email: string): Promise<string> =>
      (await browser.post('/auth/email-code/request', { email })).body.challenge;
    const [known, nobody] = [await begin(addressOf('known')), await begin(nobodys('known'))];
    const headers = { cookie: browser.cookieHeader() };
    const ask = (challenge: string): Promise<number> =>
      timed(400, client.post('/auth/email-code', { challenge, code: '000000' }, { headers }));
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
    const ask = async (text: string): Promise<number> => {
      const begun = performance.now();
      for (let time = 0; time < 50; time += 1) if (keyring.verify('csrf', text, 'seed')) throw new Error('It is good.');
      return performance.now() - begun;
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
    const ask = (value: string): Promise<number> => {
      const headers = { cookie: `auth_session=${value}`, 'x-forwarded-for': freshAddress() };
      return timed(401, client.get('/whoami', { headers }));
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
