import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, AuthError, BreachedPasswords } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { page, prose, rowsUnder } from './pages.js';

/** `seven breached hinges 1`, as printf | sha1sum says. */
class OneBreach extends BreachedPasswords {
  override async suffixes(): Promise<readonly string[]> {
    return ['F7E7A64ECC60FB2606B668220E143784DAD'];
  }
}

describe('the policy of docs/passwords.md', () => {
  const clock = new TestClock();
  let app: TestApp;
  let count = 0;

  beforeAll(async () => {
    app = await startApp({
      clock,
      auth: {
        appName: 'Ulverton',
        passwords: { composition: ['digit'], history: 1 },
        overrides: [{ provide: BreachedPasswords, useClass: OneBreach }],
      },
    });
  });
  afterAll(() => app.close());

  /** Names of the rules that the password breaks. */
  function broken(password: string, email = `a${(count += 1)}@example.com`): Promise<readonly string[]> {
    return rulesOf(app.get(Accounts).create({ email, password }));
  }

  async function repeated(): Promise<readonly string[]> {
    const password = 'seven hinges and 2 bells';
    const user = await app.get(Accounts).create({ email: 'repeated@example.com', password });
    return rulesOf(app.get(Accounts).setPassword(user!.id, password));
  }

  async function rulesOf(setting: Promise<unknown>): Promise<readonly string[]> {
    try {
      await setting;
      return [];
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'PASSWORD_REJECTED') throw error;
      return (error.body.details as { rule: string }[]).map(({ rule }) => rule);
    }
  }

  it('is made of the rules that the code has', async () => {
    const listed = rowsUnder(page('docs/passwords.md'), 'rule').map(([rule]) => rule);
    const rules = await Promise.all([
      broken('short'),
      broken('1x'.repeat(65)),
      broken('é'.repeat(600)),
      broken('passwordpassword1'),
      broken('a-long-local-part-9', 'a-long-local-part-9@example.com'),
      broken('seven hinges and a bell'),
      broken('seven breached hinges 1'),
      repeated(),
    ]);
    expect([...new Set(rules.flat())].sort()).toEqual([...listed].sort());
  });

  it('treats its examples as it says', async () => {
    const [refused = '', accepted = ''] = [
      ...prose(page('docs/passwords.md')).matchAll(/`([^`\n]*lverton[^`\n]*)`/g),
    ].map(([, example = '']) => example);
    expect(await broken(refused)).toEqual(['context']);
    expect(await broken(accepted)).toEqual(['composition']);
  });

  it('gives no password an end', async () => {
    const [email, password] = ['patient@example.com', 'seven hinges and 2 bells'];
    await app.get(Accounts).create({ email, password });
    clock.advance(5 * 365 * 86_400_000);
    expect((await app.client().signIn(email, password)).status).toBe(200);
  });
});
