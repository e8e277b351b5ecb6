import { afterEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { PASSWORD, type DatabaseKind } from '../support/app.js';
import { knownBrowser, newAccount, startGate, statuses, times, tryInTurn, tryPassword, type Gate } from './kit.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ADA = 'ada@example.com';
const EVE = 'eve@example.com';

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

async function start(database: DatabaseKind = 'sqlite') {
  const clock = new TestClock();
  gate = await startGate({ database, clock });
  await newAccount(gate.app, ADA);
  await newAccount(gate.app, EVE);
  return { ...gate, clock };
}

describe('a browser that the account knows', () => {
  it('signs in while strangers have locked the account and spent its address', async () => {
    const { app } = await start();
    const browser = await knownBrowser(app, ADA);
    await tryInTurn(app, 5, ADA);
    for (let index = 0; index < 20; index += 1) await tryPassword(app, `n${index}@example.com`, { from: '192.0.2.1' });
    expect((await tryPassword(app, ADA, { password: PASSWORD })).status).toBe(429);
    expect((await tryPassword(app, EVE, { password: PASSWORD, from: '192.0.2.1' })).status).toBe(429);
    expect((await tryPassword(app, ADA, { password: PASSWORD, from: '192.0.2.1', browser })).status).toBe(200);
  });

  it('has five of its own, which count for nobody else', async () => {
    const { app } = await start();
    const browser = await knownBrowser(app, ADA);
    expect(statuses(await tryInTurn(app, 5, ADA, { browser, from: '192.0.2.1' }))).toEqual(times(5, 401));
    // The account and the address are as they were: strangers have theirs.
    expect(statuses(await tryInTurn(app, 5, ADA))).toEqual(times(5, 401));
    expect((await tryPassword(app, ADA)).status).toBe(429);
    const names = Array.from({ length: 20 }, (_, index) => `n${index}@example.com`);
    for (const name of names) expect((await tryPassword(app, name, { from: '192.0.2.1' })).status).toBe(401);
    expect((await tryPassword(app, 'n20@example.com', { from: '192.0.2.1' })).status).toBe(429);
  });

  it('is as unknown as any for 15 min once its five are spent', async () => {
    const { app, clock } = await start();
    const browser = await knownBrowser(app, ADA);
    await tryInTurn(app, 5, ADA, { browser });
    // Now the common budget counts, and locks.
    expect(statuses(await tryInTurn(app, 5, ADA, { browser }))).toEqual(times(5, 401));
    expect((await tryPassword(app, ADA, { password: PASSWORD, browser })).status).toBe(429);
    clock.advance(15 * MINUTE);
    await tryInTurn(app, 5, ADA);
    expect((await tryPassword(app, ADA, { password: PASSWORD })).status).toBe(429);
    expect((await tryPassword(app, ADA, { password: PASSWORD, browser })).status).toBe(200);
  });

  it('lets five of 200 guesses at once be checked before it is as unknown as any', async () => {
    const { app, hasher } = await start();
    const browser = await knownBrowser(app, ADA);
    await tryInTurn(app, 5, ADA);
    const before = hasher.checked;
    const answers = await Promise.all(Array.from({ length: 200 }, () => tryPassword(app, ADA, { browser })));
    expect(hasher.checked - before).toBeLessThanOrEqual(5);
    expect(answers.filter(({ status }) => ![401, 429].includes(status))).toEqual([]);
  });

  it('is known to its own accounts alone', async () => {
    const { app } = await start();
    const browser = await knownBrowser(app, EVE);
    await tryInTurn(app, 5, ADA);
    expect((await tryPassword(app, ADA, { password: PASSWORD, browser })).status).toBe(429);
    expect((await tryPassword(app, ADA, { browser })).status).toBe(429);
  });

  it('uses the budget of its address for any other account', async () => {
    const { app } = await start();
    const browser = await knownBrowser(app, EVE);
    const names = Array.from({ length: 20 }, (_, index) => `n${index}@example.com`);
    for (const name of names) expect((await tryPassword(app, name, { browser, from: '192.0.2.1' })).status).toBe(401);
    expect((await tryPassword(app, 'n20@example.com', { browser, from: '192.0.2.1' })).status).toBe(429);
  });

  it('cannot be made up: an altered cookie is no cookie', async () => {
    const { app } = await start();
    const browser = await knownBrowser(app, ADA);
    const cookie = browser.cookies.get('auth_device')!;
    await tryInTurn(app, 5, ADA);
    const [payload = '', ...rest] = cookie.split('.');
    for (const forged of [
      `${payload}.${rest[0]}.${'A'.repeat(43)}`,
      payload,
      `${payload}x.${rest.join('.')}`,
      'x'.repeat(9_000),
    ]) {
      browser.cookies.clear();
      browser.cookies.set('auth_device', forged);
      expect((await tryPassword(app, ADA, { password: PASSWORD, browser })).status).toBe(429);
    }
  });
});

describe.each(['sqlite', 'mariadb'] as const)('a hundred wrong passwords in a row (%s)', (database) => {
  async function guess(app: Gate['app'], clock: TestClock, count: number): Promise<void> {
    for (let done = 0; done < count; done += 5) {
      expect(statuses(await tryInTurn(app, 5, ADA))).toEqual(times(5, 401));
      clock.advance(HOUR);
    }
  }

  /** The count is written after the answer. */
  async function counted(app: Gate['app'], column: string): Promise<void> {
    const read = async (): Promise<number> => {
      const rows = await app.dataSource.query(`SELECT max(${column}) AS n FROM auth_accounts`);
      return Number(rows[0].n);
    };
    await expect.poll(read, { timeout: 5_000 }).toBeGreaterThanOrEqual(100);
  }

  it('end the password for unknown browsers, with the answer of a wrong one, until the owner signs in', async () => {
    const { app, clock, hasher } = await start(database);
    const browser = await knownBrowser(app, ADA);
    await guess(app, clock, 95);
    expect((await tryPassword(app, ADA, { password: PASSWORD })).status).toBe(200);

    await guess(app, clock, 100);
    await counted(app, 'failed_in_row');
    const checked = hasher.checked;
    const stopped = await tryPassword(app, ADA, { password: PASSWORD });
    const nobody = await tryPassword(app, 'nobody@example.com', { password: PASSWORD });
    expect([stopped.status, stopped.text]).toEqual([401, nobody.text]);
    expect(hasher.checked - checked).toBe(2);

    expect((await tryPassword(app, ADA, { password: PASSWORD, browser })).status).toBe(200);
    expect((await tryPassword(app, ADA, { password: PASSWORD })).status).toBe(200);
  });

  it('from known browsers have a count of their own with the same end', async () => {
    const { app, clock } = await start(database);
    const browser = await knownBrowser(app, ADA);
    for (let done = 0; done < 100; done += 5) {
      await tryInTurn(app, 5, ADA, { browser });
      clock.advance(HOUR);
    }
    await counted(app, 'failed_in_row_known');
    expect((await tryPassword(app, ADA, { password: PASSWORD, browser })).status).toBe(401);
    // Strangers are not part of it, and signing in ends both counts.
    expect((await tryPassword(app, ADA, { password: PASSWORD })).status).toBe(200);
    clock.advance(HOUR);
    expect((await tryPassword(app, ADA, { password: PASSWORD, browser })).status).toBe(200);
  });
});
