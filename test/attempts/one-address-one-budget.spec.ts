import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { PASSWORD, STACKS, User } from '../support/app.js';
import { newAccount, startGate, statuses, times, tryInTurn, tryPassword, type Gate } from './kit.js';

/** U+212A, which composing turns into a K. */
const KELVIN = '\u212A';
const FIVE = times(5, 401);

describe.each(STACKS)('what is left of an address tells nobody whose it is ($database, $store)', (stack) => {
  let gate: Gate;
  beforeAll(async () => {
    gate = await startGate({ ...stack, auth: { identifiers: ['email', 'handle'] } });
  });
  afterAll(() => gate.app.close());

  /** The statuses of wrong passwords, one for each name in turn. */
  async function tryNames(...names: string[]): Promise<number[]> {
    const seen: number[] = [];
    for (const name of names) seen.push((await tryPassword(gate.app, name)).status);
    return seen;
  }

  it('when it is registered between the failures, whether it was free or taken', async () => {
    const { app } = gate;
    await newAccount(app, 'taken@example.com');
    for (const email of ['taken@example.com', 'free@example.com']) {
      const before = statuses(await tryInTurn(app, 4, email));
      expect((await app.client().register(email)).status).toBe(202);
      expect([...before, ...statuses(await tryInTurn(app, 2, email))], email).toEqual([...FIVE, 429]);
      // The account's own budget it is: the password that was just chosen is refused as well.
      expect((await tryPassword(app, email, { password: PASSWORD })).status).toBe(429);
    }
  });

  it('when its account is deleted between the failures', async () => {
    const { app } = gate;
    const id = await newAccount(app, 'leaving@example.com');
    await tryInTurn(app, 4, 'leaving@example.com');
    await app.get(Accounts).delete(id);
    expect(statuses(await tryInTurn(app, 2, 'leaving@example.com'))).toEqual([401, 429]);
  });

  it('when it is spelt as only the look-up composes it', async () => {
    const { app } = gate;
    await newAccount(app, 'kate@example.com');
    for (const host of ['example.com', 'example.org']) {
      const kate = `kate@${host}`;
      const spellings = [kate, `Kate@${host}`, kate, ` kate@${host} `, `${KELVIN}ate@${host}`, kate];
      expect(await tryNames(...spellings), kate).toEqual([...FIVE, 429]);
    }
  });

  it('when another spelling of a user name is tried: they are compared exactly', async () => {
    const { app } = gate;
    await newAccount(app, 'bea@example.com', { handle: 'bea' });
    for (const name of ['bea', 'nobody']) {
      const spellings = [name, ` ${name} `, name, name, name.toUpperCase(), name, name];
      expect(await tryNames(...spellings), name).toEqual([...times(6, 401), 429]);
    }
  });

  it('which is one budget with the user name, ended by unlocking it from either side', async () => {
    const { app } = gate;
    const accounts = app.get(Accounts);
    const id = await newAccount(app, 'cleo@example.com', { handle: 'cleo' });
    const both = ['cleo@example.com', 'cleo', 'CLEO@example.com', 'cleo', 'cleo', 'cleo@example.com', 'cleo'];
    expect(await tryNames(...both)).toEqual([...FIVE, 429, 429]);
    await accounts.unlock(id);
    expect((await tryPassword(app, 'cleo', { password: PASSWORD })).status).toBe(200);
    await tryNames(...both);
    await accounts.setPassword(id, `${PASSWORD} anew`);
    expect((await tryPassword(app, 'cleo@example.com', { password: `${PASSWORD} anew` })).status).toBe(200);
    await tryInTurn(app, 4, 'cleo');
    expect((await tryPassword(app, 'cleo@example.com', { password: `${PASSWORD} anew` })).status).toBe(200);
    expect(statuses(await tryInTurn(app, 6, 'cleo'))).toEqual([...FIVE, 429]);
  });

  it('which an account that has moved to another address leaves behind', async () => {
    const { app } = gate;
    const id = await newAccount(app, 'before@example.com', { handle: 'mover' });
    await tryInTurn(app, 5, 'before@example.com');
    expect((await tryPassword(app, 'mover', { password: PASSWORD })).status).toBe(429);
    const moved = { email: 'after@example.com', emailCanonical: 'after@example.com' };
    await app.dataSource.getRepository(User).update({ id }, moved);
    expect((await tryPassword(app, 'before@example.com')).status).toBe(429);
    expect((await tryPassword(app, 'mover', { password: PASSWORD })).status).toBe(200);
    expect((await tryPassword(app, 'after@example.com', { password: PASSWORD })).status).toBe(200);
  });
});
