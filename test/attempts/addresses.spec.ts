import { afterEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, PASSWORD } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { freshAddress, newAccount, retryAfter, startGate, statuses, times, tryPassword, type Gate } from './kit.js';

const MINUTE = 60_000;
const OFFICE = '198.51.100.9';

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

async function start(setup: Parameters<typeof startGate>[0] = {}) {
  const clock = new TestClock();
  gate = await startGate({ ...setup, clock });
  return { ...gate, clock };
}

let names = 0;

/** Wrong passwords, each for another name. */
async function spray(app: Gate['app'], count: number, from: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let index = 0; index < count; index += 1) {
    names += 1;
    answers.push(await tryPassword(app, `name${names}@example.com`, { from }));
  }
  return answers;
}

describe.each(ADAPTERS)('wrong passwords from one address (%s)', (adapter) => {
  it('fill a bucket of 20 that refills one a minute, without lock or ladder', async () => {
    const { app, clock } = await start({ adapter });
    await newAccount(app, 'ada@example.com');
    const answers = await spray(app, 25, OFFICE);
    expect(statuses(answers)).toEqual([...times(20, 401), ...times(5, 429)]);
    expect(answers[24]!.body).toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
    expect(retryAfter(answers[24]!)).toBe(60);
    expect((await tryPassword(app, 'ada@example.com', { password: PASSWORD, from: OFFICE })).status).toBe(429);
    // Elsewhere nobody notices.
    expect((await tryPassword(app, 'ada@example.com', { password: PASSWORD })).status).toBe(200);
    clock.advance(MINUTE);
    expect((await tryPassword(app, 'ada@example.com', { password: PASSWORD, from: OFFICE })).status).toBe(200);
    expect(statuses(await spray(app, 2, OFFICE))).toEqual([401, 429]);
    clock.advance(20 * MINUTE);
    expect(statuses(await spray(app, 21, OFFICE))).toEqual([...times(20, 401), 429]);
  });

  it('hold 25-fold for shared addresses alone', async () => {
    const { app } = await start({ adapter, auth: { attempts: { sharedAddresses: ['198.51.100.0/24'] } } });
    expect(statuses(await spray(app, 101, OFFICE))).toEqual(times(101, 401));
    expect(statuses(await spray(app, 21, '203.0.113.9'))).toEqual([...times(20, 401), 429]);
  });

  it('are not bought back by signing in to an account of one’s own', async () => {
    const { app } = await start({ adapter });
    await newAccount(app, 'eve@example.com');
    await spray(app, 19, OFFICE);
    expect((await tryPassword(app, 'eve@example.com', { password: PASSWORD, from: OFFICE })).status).toBe(200);
    expect(statuses(await spray(app, 2, OFFICE))).toEqual([401, 429]);
  });

  it('count an IPv6 /64 as one', async () => {
    const { app } = await start({ adapter });
    const answers = [];
    for (let host = 1; host <= 21; host += 1)
      answers.push(...(await spray(app, 1, `2001:db8:1:2::${host.toString(16)}`)));
    expect(statuses(answers)).toEqual([...times(20, 401), 429]);
    expect(statuses(await spray(app, 1, '2001:db8:1:3::1'))).toEqual([401]);
  });
});

describe.each(ADAPTERS)('an invented X-Forwarded-For (%s)', (adapter) => {
  it('buys nothing where no proxy is trusted', async () => {
    const { app } = await start({ adapter, auth: { trustedProxyHops: 0 } });
    const answers = [];
    for (let index = 0; index < 21; index += 1) answers.push(...(await spray(app, 1, freshAddress())));
    expect(statuses(answers)).toEqual([...times(20, 401), 429]);
  });

  it('buys nothing behind one: the proxy’s own entry is the last', async () => {
    const { app } = await start({ adapter });
    const forged = (index: number): string => [`203.0.113.${index}, ${OFFICE}`, `${OFFICE},198.51.100.9`][index % 2]!;
    const answers = [];
    for (let index = 0; index < 21; index += 1) answers.push(...(await spray(app, 1, forged(index))));
    expect(statuses(answers)).toEqual([...times(20, 401), 429]);
    expect(statuses(await spray(app, 1, `${OFFICE}, 203.0.113.1`))).toEqual([401]);
  });

  it('buys nothing with fewer entries than there are proxies', async () => {
    const { app } = await start({ adapter, auth: { trustedProxyHops: 2 } });
    const answers = [];
    for (let index = 0; index < 21; index += 1) answers.push(...(await spray(app, 1, freshAddress())));
    expect(statuses(answers)).toEqual([...times(20, 401), 429]);
  });
});
