import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { smtp, type AuthOptions } from '../../lib/index.js';
import {
  ACCOUNT_KINDS,
  addressOf,
  MAIL_REQUEST_AUTH,
  MAIL_REQUESTS,
  makeAccounts,
  nobodys,
  type AccountKind,
  type MailRequestName,
} from '../flows/mail-request-lab.js';
import { STACKS, startApp, type TestApp, type User } from '../support/app.js';
import type { Client } from '../support/client.js';
import { MailServer } from './mail-server.js';

const PAIRS = 1_000;
const BEHIND_PAIRS = 300;
const WORKER_BEGINS_MS = 95;
/** How far medians may be apart, as in `sign-in-timing`, and how far 90th percentiles, which scatter more. */
const BOUNDS = [0.05, 0.1] as const;
/** Where there is an account, the worker of the same process asks the store for its limit of mails: a command more. */
const LEFT_BEHIND_BOUNDS = [0.15, 0.3] as const;

type Weather = 'good' | 'slow' | 'dead';

let running: TestApp | undefined;
let mail: MailServer | undefined;
afterEach(async () => {
  await running?.close();
  if (mail?.isOpen === true) await mail.close();
  running = undefined;
  mail = undefined;
});

async function start(
  stack: (typeof STACKS)[number],
  weather: Weather,
  auth: Partial<AuthOptions<User>> = {},
): Promise<TestApp> {
  mail = await MailServer.start();
  if (weather === 'slow') mail.answerAfterMs = 5_000;
  if (weather === 'dead') await mail.close();
  running = await startApp({
    ...stack,
    hasher: 'real',
    auth: {
      ...MAIL_REQUEST_AUTH,
      passwords: { cost: 4 },
      mail: smtp({ url: mail.url, from: 'no-reply@example.com' }),
      ...auth,
    },
  });
  await makeAccounts(running);
  return running;
}

interface Pair {
  readonly somebody: number[];
  readonly nobody: number[];
}

/** Times of two kinds of requests in turn. The order alternates, so that drift of the machine falls on both. */
async function measure(pairs: number, kind: AccountKind, timed: (email: string) => Promise<number>): Promise<Pair> {
  for (let time = 0; time < pairs / 5; time += 1) await timed(time % 2 === 0 ? addressOf(kind) : nobodys(kind));
  const somebody: number[] = [];
  const nobody: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = pair % 2 === 0;
    if (first) somebody.push(await timed(addressOf(kind)));
    nobody.push(await timed(nobodys(kind)));
    if (!first) somebody.push(await timed(addressOf(kind)));
  }
  return { somebody, nobody };
}

async function ask(client: Client, name: MailRequestName, email: string): Promise<void> {
  expect((await MAIL_REQUESTS[name](client, email)).status).toBe(202);
}

function compare(label: string, { somebody, nobody }: Pair, bounds: readonly [number, number]): void {
  for (const [index, [word, share]] of (
    [
      ['median', 0.5],
      ['90th percentile', 0.9],
    ] as const
  ).entries()) {
    const [one, other] = [quantile(somebody, share), quantile(nobody, share)];
    const ratio = one / other;
    console.log(`${label}: ${word} ${one.toFixed(3)} and ${other.toFixed(3)} ms, ratio ${ratio.toFixed(4)}`);
    expect.soft(Math.abs(ratio - 1), `${label}, ${word}`).toBeLessThan(bounds[index]!);
  }
}

describe.each(STACKS.flatMap((stack) => (['good', 'slow', 'dead'] as const).map((weather) => ({ ...stack, weather }))))(
  `${PAIRS} pairs of requests for mail on $database and $store, with a mail server that is $weather`,
  ({ weather, ...stack }) => {
    it.each(Object.keys(MAIL_REQUESTS) as MailRequestName[])(
      '%s takes as long for nobody as for any account',
      { timeout: 30 * 60_000 },
      async (name) => {
        const app = await start(stack, weather);
        const client = app.client();
        for (const kind of ACCOUNT_KINDS) {
          const pair = await measure(PAIRS, kind, async (email) => {
            const begun = performance.now();
            await ask(client, name, email);
            return performance.now() - begun;
          });
          compare(`${stack.database} ${weather} ${name} ${kind}`, pair, BOUNDS);
        }
      },
    );

    // With the limits of production: five mails an hour, after which an account costs the worker as much as nobody.
    it('what is left behind for the worker delays others alike', { timeout: 30 * 60_000 }, async () => {
      const app = await start(stack, weather, { rateLimits: { multiplier: 1 }, trustedProxyHops: 1 });
      const client = app.client();
      const pair = await measure(BEHIND_PAIRS, 'known', async (email) => {
        // From another address of the net each time: route limits are not the subject.
        const headers = { 'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}` };
        const { status } = await client.post('/auth/password/forgot', { email }, { headers });
        expect(status).toBe(202);
        await delay(WORKER_BEGINS_MS);
        const begun = performance.now();
        for (let time = 0; time < 10; time += 1) await client.get('/auth/session', { headers });
        return performance.now() - begun;
      });
      compare(`${stack.database} ${weather} left behind`, pair, LEFT_BEHIND_BOUNDS);
    });
  },
);

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]!;
}
