import { afterEach, describe, expect, it } from 'vitest';
import { smtp } from '../../lib/index.js';
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
import { STACKS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { MailServer } from './mail-server.js';

const PAIRS = 1_000;
const WARM_UP = 200;
/** How far medians may be apart: what two series of the very same request differ by, twice over. */
const MEDIAN_BOUND = 0.05;
const TAIL_BOUND = 0.1;

type Weather = 'good' | 'slow' | 'dead';

let running: TestApp | undefined;
let mail: MailServer | undefined;
afterEach(async () => {
  await running?.close();
  if (mail?.isOpen === true) await mail.close();
  running = undefined;
  mail = undefined;
});

async function start(stack: (typeof STACKS)[number], weather: Weather): Promise<TestApp> {
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
    },
  });
  await makeAccounts(running);
  return running;
}

/** The times of a request, and of another one that follows at once: it meets what the first has left behind. */
interface Timed {
  readonly asked: number[];
  readonly after: number[];
}

async function measure(client: Client, name: MailRequestName, kind: AccountKind): Promise<[Timed, Timed]> {
  const somebody: Timed = { asked: [], after: [] };
  const nobody: Timed = { asked: [], after: [] };
  const once = async (email: string, { asked, after }: Timed): Promise<void> => {
    const begun = performance.now();
    expect((await MAIL_REQUESTS[name](client, email)).status).toBe(202);
    const answered = performance.now();
    await client.get('/auth/session');
    asked.push(answered - begun);
    after.push(performance.now() - answered);
  };
  const forgotten: Timed = { asked: [], after: [] };
  for (let time = 0; time < WARM_UP; time += 1) {
    await once(time % 2 === 0 ? addressOf(kind) : nobodys(kind), forgotten);
  }
  for (let pair = 0; pair < PAIRS; pair += 1) {
    // The order alternates, so that drift of the machine falls on both.
    const first = pair % 2 === 0;
    if (first) await once(addressOf(kind), somebody);
    await once(nobodys(kind), nobody);
    if (!first) await once(addressOf(kind), somebody);
  }
  return [somebody, nobody];
}

describe.each(STACKS.flatMap((stack) => (['good', 'slow', 'dead'] as const).map((weather) => ({ ...stack, weather }))))(
  `${PAIRS} pairs of requests for mail on $database and $store, with a mail server that is $weather`,
  ({ weather, ...stack }) => {
    it.each(Object.keys(MAIL_REQUESTS) as MailRequestName[])(
      '%s takes as long for nobody as for any account',
      { timeout: 30 * 60_000 },
      async (name) => {
        const app = await start(stack, weather);
        for (const kind of ACCOUNT_KINDS) {
          const [somebody, nobody] = await measure(app.client(), name, kind);
          for (const what of ['asked', 'after'] as const) {
            const medians = [0.5, 0.9].map((share) => [quantile(somebody[what], share), quantile(nobody[what], share)]);
            const [median = 1, tail = 1] = medians.map(([one = 0, other = 1]) => one / other);
            const told = medians.map(([one, other]) => `${one!.toFixed(3)} and ${other!.toFixed(3)} ms`);
            console.log(
              `${stack.database} ${weather} ${name} ${what} ${kind}: medians ${told[0]}, ratio ${median.toFixed(4)}; ` +
                `90th percentiles ${told[1]}, ratio ${tail.toFixed(4)}`,
            );
            expect.soft(Math.abs(median - 1), `${name}, ${kind}, ${what}`).toBeLessThan(MEDIAN_BOUND);
            expect.soft(Math.abs(tail - 1), `${name}, ${kind}, ${what}, tail`).toBeLessThan(TAIL_BOUND);
          }
        }
      },
    );
  },
);

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]!;
}
