import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ATTEMPT_BUDGETS } from '../../lib/attempts/budgets.js';
import type { Answer } from '../support/client.js';
import { expectCode, finish, MINUTE_MS, notThe, startVault, type Guarded, type Vault } from './kit.js';

const STANDS = [
  { adapter: 'express', database: 'sqlite', store: 'memory' },
  { adapter: 'fastify', database: 'postgres', store: 'redis' },
] as const;

describe.each(STANDS)('wrong second factors on $adapter, $database, $store', (stand) => {
  let vault: Vault;
  let owner: Guarded;
  beforeAll(async () => {
    vault = await startVault(stand);
  });
  beforeEach(async () => {
    owner = await vault.guarded();
  });
  afterAll(() => vault.close());

  const wrong = (): object => ({ code: notThe(owner.code()) });
  async function guess(times: number, proof: () => object = wrong): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    let waiting: Awaited<ReturnType<Vault['halfway']>> | undefined;
    for (let tries = 0; tries < times; tries += 1) {
      if (tries % 5 === 0) waiting = await vault.halfway(owner.email);
      answers.push(await finish(waiting!.browser, waiting!.challenge, proof()));
    }
    return answers;
  }

  it('five burn a sign-in that waits: then the right one is no use', async () => {
    expect(ATTEMPT_BUDGETS.secondFactorByChallenge.limit).toBe(5);
    const { browser, challenge } = await vault.halfway(owner.email);
    for (let tries = 0; tries < 5; tries += 1) {
      expectCode(await finish(browser, challenge, wrong()), 400, 'INVALID_CODE');
    }
    expectCode(await finish(browser, challenge, { code: owner.code() }), 401, 'CHALLENGE_EXPIRED');
    const anew = await vault.halfway(owner.email);
    for (let tries = 0; tries < 4; tries += 1) await finish(anew.browser, anew.challenge, wrong());
    expect((await finish(anew.browser, anew.challenge, { code: owner.code() })).status).toBe(200);
  });

  it('the tenth locks the authenticator for 15 min, tells the owner, and leaves the recovery codes', async () => {
    const answers = await guess(10);
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(400));
    const { browser, challenge } = await vault.halfway(owner.email);
    const refused = await finish(browser, challenge, { code: owner.code() });
    expectCode(refused, 429, 'TOO_MANY_ATTEMPTS');
    expect(refused.headers.get('retry-after')).toBe('900');
    const notices = await vault.mails(owner.email, 'second-factor-changed');
    const locked = notices.filter(({ subject }) => subject.startsWith('Second factor locked'));
    expect(locked).toHaveLength(1);
    expect(locked[0]?.text).toContain('ten times');
    expect((await vault.audit('second_factor.locked')).filter(({ subjectId }) => subjectId === owner.id)).toMatchObject(
      [{ details: { factor: 'code', lockedForSeconds: 900 } }],
    );
    // The refusal of a lock is no guess: it burns no try of the sign-in that waits.
    for (let tries = 0; tries < 6; tries += 1) await finish(browser, challenge, { code: owner.code() });
    expect((await finish(browser, challenge, { recoveryCode: owner.recoveryCodes[0] })).status).toBe(200);
    // Redis counts in its own time.
    if (stand.store === 'redis') return;
    vault.clock.advance(15 * MINUTE_MS - 1);
    const early = await vault.halfway(owner.email);
    expectCode(await finish(early.browser, early.challenge, { code: owner.code() }), 429, 'TOO_MANY_ATTEMPTS');
    vault.clock.advance(1);
    expect((await finish(early.browser, early.challenge, { code: owner.code() })).status).toBe(200);
  });

  it('nine do not, and a right one forgets them', async () => {
    await guess(9);
    const first = await vault.halfway(owner.email);
    expect((await finish(first.browser, first.challenge, { code: owner.code() })).status).toBe(200);
    vault.nextStep();
    await guess(9);
    const second = await vault.halfway(owner.email);
    expect((await finish(second.browser, second.challenge, { code: owner.code() })).status).toBe(200);
  });

  it('recovery codes have a budget of their own, whatever is typed', async () => {
    const typed = ['', 'x', 'AAAAAA-AAAAAA-AAAAAA-AAAAAA', '\0', 'é'.repeat(24), 'A'.repeat(5_000)];
    let index = 0;
    const answers = await guess(10, () => ({ recoveryCode: typed[index++ % typed.length] }));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(10).fill([400, 'INVALID_CODE']));
    const { browser, challenge } = await vault.halfway(owner.email);
    const [recoveryCode] = owner.recoveryCodes;
    expectCode(await finish(browser, challenge, { recoveryCode }), 429, 'TOO_MANY_ATTEMPTS');
    expect((await finish(browser, challenge, { code: owner.code() })).status).toBe(200);
  });

  it('those at /reauthenticate are the same ones', async () => {
    await guess(9);
    expectCode(await owner.browser.post('/auth/reauthenticate', wrong()), 400, 'INVALID_CODE');
    const { browser, challenge } = await vault.halfway(owner.email);
    expectCode(await finish(browser, challenge, { code: owner.code() }), 429, 'TOO_MANY_ATTEMPTS');
  });

  it('many at once: no more are checked than may fail', async () => {
    const begun: Awaited<ReturnType<Vault['halfway']>>[] = [];
    while (begun.length < 15) begun.push(await vault.halfway(owner.email, { deliver: 'tokens' }));
    const proof = wrong();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const { browser, challenge } = begun[index % begun.length]!;
        return finish(browser, challenge, proof);
      }),
    );
    const checked = (await vault.audit('sign_in.failed')).filter(
      ({ subjectId, details }) => subjectId === owner.id && details['reason'] === 'second-factor',
    );
    expect(checked.length).toBe(answers.filter(({ body }) => body.code === 'INVALID_CODE').length);
    expect(checked.length).toBeLessThanOrEqual(10);
  });
});

describe('wrong second factors over a day, and from a known browser', () => {
  let vault: Vault;
  let owner: Guarded;
  beforeAll(async () => {
    vault = await startVault({ adapter: 'express', database: 'sqlite', store: 'memory' });
  });
  beforeEach(async () => {
    owner = await vault.guarded();
  });
  afterAll(() => vault.close());

  type Waiting = Awaited<ReturnType<Vault['halfway']>>;
  const stranger = (): Promise<Waiting> => vault.halfway(owner.email);
  async function known(): Promise<Waiting> {
    const { browser } = owner;
    return { browser, challenge: (await browser.signIn(owner.email)).body.challenge };
  }
  async function proveBy(from: () => Promise<Waiting>, proof: object): Promise<Answer> {
    const { browser, challenge } = await from();
    return finish(browser, challenge, proof);
  }
  async function fail(times: number, from = stranger, proof = (): object => ({ code: notThe(owner.code()) })) {
    let waiting: Waiting | undefined;
    for (let tries = 0; tries < times; tries += 1) {
      if (tries % 5 === 0) waiting = await from();
      expectCode(await finish(waiting!.browser, waiting!.challenge, proof()), 400, 'INVALID_CODE');
    }
  }
  async function failInWindows(windows: readonly number[], from = stranger): Promise<void> {
    for (const [index, times] of windows.entries()) {
      if (index > 0) vault.clock.advance(15 * MINUTE_MS);
      await fail(times, from);
    }
  }
  async function expectLocked(from: () => Promise<Waiting>, seconds: number): Promise<void> {
    const refused = await proveBy(from, { code: owner.code() });
    expectCode(refused, 429, 'TOO_MANY_ATTEMPTS');
    expect(refused.headers.get('retry-after')).toBe(String(seconds));
  }
  async function locks(): Promise<readonly unknown[]> {
    const rows = (await vault.audit('second_factor.locked')).filter(({ subjectId }) => subjectId === owner.id);
    const told = (await vault.mails(owner.email, 'second-factor-changed')).filter(({ subject }) =>
      subject.startsWith('Second factor locked'),
    );
    expect(told).toHaveLength(rows.length);
    return rows.map(({ details }) => details['lockedForSeconds']).sort();
  }

  it('nine in each quarter of an hour: the thirtieth locks codes for 1 h, then for 2 h, and tells the owner', async () => {
    await failInWindows([9, 9, 9, 2]);
    expect(await locks()).toEqual([]);
    await fail(1);
    expect(await locks()).toEqual([3_600]);
    await expectLocked(stranger, 3_600);
    expect((await proveBy(stranger, { recoveryCode: owner.recoveryCodes[0] })).status).toBe(200);
    vault.clock.advance(60 * MINUTE_MS);
    await failInWindows([9, 9, 9, 3]);
    expect(await locks()).toEqual([3_600, 7_200]);
    await expectLocked(stranger, 7_200);
  });

  it('one wrong code that fills both is told once, by the longer lock', async () => {
    await failInWindows([10, 10]);
    expect(await locks()).toEqual([900, 900]);
    vault.clock.advance(15 * MINUTE_MS);
    await fail(10);
    expect(await locks()).toEqual([3_600, 900, 900]);
    await expectLocked(stranger, 3_600);
  });

  it('a right code forgets those of the day too', async () => {
    await failInWindows([9, 9, 9]);
    expect((await proveBy(stranger, { code: owner.code() })).status).toBe(200);
    vault.nextStep();
    await fail(9);
    expect((await proveBy(stranger, { code: owner.code() })).status).toBe(200);
  });

  it('recovery codes have no limit of the day: they cannot be guessed', async () => {
    const proof = (): object => ({ recoveryCode: 'AAAAAA-AAAAAA-AAAAAA-AAAAAA' });
    for (let window = 0; window < 4; window += 1) {
      await fail(9, stranger, proof);
      vault.clock.advance(15 * MINUTE_MS);
    }
    expect((await proveBy(stranger, { recoveryCode: owner.recoveryCodes[0] })).status).toBe(200);
  });

  it('a known browser signs in while strangers are locked out, by the quarter of an hour and by the day', async () => {
    await fail(10);
    await fail(10, stranger, () => ({ recoveryCode: 'x' }));
    await expectLocked(stranger, 900);
    expect((await proveBy(known, { code: owner.code() })).status).toBe(200);
    expect((await proveBy(known, { recoveryCode: owner.recoveryCodes[0] })).status).toBe(200);
    vault.clock.advance(15 * MINUTE_MS);
    await failInWindows([10, 10]);
    await expectLocked(stranger, 3_600);
    expect((await proveBy(known, { code: owner.code() })).status).toBe(200);
    // What it proved there forgets nothing of the strangers.
    await expectLocked(stranger, 3_600);
  });

  it('its own ten lock it alone, and are told', async () => {
    await fail(10, known);
    await expectLocked(known, 900);
    expect(await locks()).toEqual([900]);
    await fail(9);
    expect((await proveBy(stranger, { code: owner.code() })).status).toBe(200);
  });

  it('its own thirty of a day lock it alone', async () => {
    await failInWindows([9, 9, 9, 3], known);
    await expectLocked(known, 3_600);
    expect(await locks()).toEqual([3_600]);
    expect((await proveBy(stranger, { code: owner.code() })).status).toBe(200);
  });
});
