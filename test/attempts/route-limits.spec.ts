import { afterEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, PASSWORD, type Adapter, type StoreKind } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { freshAddress, newAccount, retryAfter, startGate, statuses, times, type Gate } from './kit.js';

const MINUTE = 60_000;
const STORES: readonly StoreKind[] = ['memory', 'redis'];

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

let people = 0;

function register(app: Gate['app'], from: string): Promise<Answer> {
  people += 1;
  const body = { email: `person${people}@example.com`, password: PASSWORD };
  return app.client().post('/auth/register', body, { headers: { 'x-forwarded-for': from } });
}

async function registerInTurn(app: Gate['app'], count: number, from: () => string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let index = 0; index < count; index += 1) answers.push(await register(app, from()));
  return answers;
}

function limited(adapter: Adapter, store: StoreKind = 'memory', auth: object = {}, clock?: TestClock): Promise<Gate> {
  return startGate({ adapter, store, ...(clock === undefined ? {} : { clock }), auth: { rateLimits: {}, ...auth } });
}

describe.each(STORES.flatMap((store) => ADAPTERS.map((adapter) => ({ store, adapter }))))(
  'registrations from one address ($store, $adapter)',
  ({ store, adapter }) => {
    it('are 20 an hour, also when all come at once', async () => {
      gate = await limited(adapter, store);
      const { app } = gate;
      const answers = await Promise.all(Array.from({ length: 40 }, () => register(app, '192.0.2.1')));
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(20);
      for (const answer of answers.filter(({ status }) => status !== 202)) {
        expect(answer.body).toMatchObject({ statusCode: 429, code: 'RATE_LIMITED' });
        expect(retryAfter(answer)).toBeGreaterThanOrEqual(1);
        expect(retryAfter(answer)).toBeLessThanOrEqual(3_600);
        expect(answer.headers.get('cache-control')).toBe('no-store');
      }
      expect((await register(app, '192.0.2.2')).status).toBe(202);
      const [{ n }] = await app.dataSource.query('SELECT count(*) AS n FROM users');
      expect(Number(n)).toBe(21);
    });
  },
);

describe.each(ADAPTERS)('route limits (%s)', (adapter) => {
  it('begin anew with the window, which refused requests do not prolong', async () => {
    const clock = new TestClock();
    gate = await limited(adapter, 'memory', {}, clock);
    const { app } = gate;
    await registerInTurn(app, 20, () => '192.0.2.1');
    clock.advance(59 * MINUTE);
    const [refused] = await registerInTurn(app, 1, () => '192.0.2.1');
    expect([refused!.status, retryAfter(refused!)]).toEqual([429, 60]);
    clock.advance(MINUTE);
    expect(statuses(await registerInTurn(app, 1, () => '192.0.2.1'))).toEqual([202]);
  });

  it.each([
    ['no proxy is trusted', 0, () => freshAddress()],
    ['one proxy is trusted and the entry is not its own', 1, () => `${freshAddress()}, 192.0.2.1`],
    ['two are trusted and one entry is there', 2, () => freshAddress()],
  ])('are not passed by an invented address where %s', async (_, trustedProxyHops, forged) => {
    gate = await limited(adapter, 'memory', { trustedProxyHops });
    expect(statuses(await registerInTurn(gate.app, 22, forged))).toEqual([...times(20, 202), 429, 429]);
  });

  it('are multiplied by rateLimits.multiplier; the lock of an account is not', async () => {
    gate = await limited(adapter, 'memory', { rateLimits: { multiplier: 0.1 } });
    const { app } = gate;
    expect(statuses(await registerInTurn(app, 3, () => '192.0.2.1'))).toEqual([202, 202, 429]);
    await newAccount(app, 'ada@example.com');
    const browser = app.client();
    const wrong = [];
    for (let index = 0; index < 6; index += 1) wrong.push(await browser.signIn('ada@example.com', 'wrong'));
    expect(wrong.map(({ body }) => body.code)).toEqual([
      ...new Array(5).fill('INVALID_CREDENTIALS'),
      'TOO_MANY_ATTEMPTS',
    ]);
  });

  it('count a signed-in browser by its session, so that its neighbours keep theirs', async () => {
    gate = await limited(adapter, 'memory', { rateLimits: { multiplier: 0.1 } });
    const { app } = gate;
    await newAccount(app, 'ada@example.com');
    await newAccount(app, 'eve@example.com');
    const [ada, eve] = [app.client(), app.client()];
    await ada.signIn('ada@example.com');
    await eve.signIn('eve@example.com');
    const reads = [];
    for (let index = 0; index < 13; index += 1) reads.push(await ada.get('/auth/me'));
    expect(statuses(reads)).toEqual([...times(12, 200), 429]);
    expect(reads[12]!.body).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await eve.get('/auth/me')).status).toBe(200);
  });
});
