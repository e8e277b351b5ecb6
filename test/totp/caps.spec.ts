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
