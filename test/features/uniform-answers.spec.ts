import { afterEach, describe, expect, it } from 'vitest';
import { Injectable } from '@nestjs/common';
import { Accounts, PasswordHasher } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { STANDS, PASSWORD, startApp, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { QueryLog } from '../support/query-log.js';

/** Counts the hashes that a request costs: checking a password makes one. */
@Injectable()
class CountingHasher extends FastPasswordHasher {
  spent = 0;

  override hash(password: string): Promise<string> {
    this.spent += 1;
    return super.hash(password);
  }

  override verify(password: string, stored: string): Promise<boolean> {
    this.spent += 1;
    return super.verify(password, stored);
  }
}

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

function facts({ status, headers, text }: Answer): object {
  // The date and the length of the connection's life are the transport's own.
  const names = [...headers.keys()].filter((name) => !['date', 'keep-alive'].includes(name));
  return { status, text, names: names.sort() };
}

describe.each(STANDS)('nobody learns who has an account ($adapter, $database, $store)', (stack) => {
  async function start(): Promise<{ app: TestApp; hasher: CountingHasher }> {
    running = await startApp({
      ...stack,
      override: (builder) => builder.overrideProvider(PasswordHasher).useClass(CountingHasher),
    });
    return { app: running, hasher: running.get(PasswordHasher) as CountingHasher };
  }

  it('from signing in: unknown, passwordless, disabled and wrong are one answer and one hash', async () => {
    const { app, hasher } = await start();
    const accounts = app.get(Accounts);
    await accounts.create({ email: 'known@example.com', password: PASSWORD });
    await accounts.create({ email: 'passwordless@example.com' });
    const disabled = await accounts.create({ email: 'disabled@example.com', password: PASSWORD });
    await accounts.disable(disabled!.id);

    const attempts: readonly (readonly [string, string])[] = [
      ['unknown@example.com', PASSWORD],
      ['passwordless@example.com', PASSWORD],
      ['disabled@example.com', PASSWORD],
      ['known@example.com', 'a wrong password altogether'],
      ['known@example.com', 'x'.repeat(5_000)],
      ['not an address', PASSWORD],
    ];
    const answers: object[] = [];
    for (const [email, password] of attempts) {
      const before = hasher.spent;
      answers.push(facts(await app.client().signIn(email, password)));
      expect(hasher.spent - before, email).toBe(1);
    }
    expect(answers[0]).toMatchObject({ status: 401 });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('from registering: a new and a taken address are one answer and one hash', async () => {
    const { app, hasher } = await start();
    const answers: object[] = [];
    for (const email of ['ada@example.com', 'ada@example.com', 'ADA@example.com ', 'new@example.com']) {
      const before = hasher.spent;
      answers.push(facts(await app.client().register(email)));
      expect(hasher.spent - before, email).toBe(1);
    }
    expect(answers[0]).toMatchObject({ status: 202 });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('from the statements that the database sees', async () => {
    const logger = new QueryLog();
    // Mail goes out after the answer, and says nothing to whoever waits for it.
    running = await startApp({ ...stack, auth: { jobs: 'manual' }, typeorm: { logger, logging: ['query'] } });
    const kinds = async (work: () => Promise<unknown>): Promise<string[]> => {
      logger.statements = [];
      await work();
      // What a check leaves behind is written after the answer.
      await new Promise((resolve) => setTimeout(resolve, 200));
      return logger.statements.map((statement) => statement.split(' ')[0]!);
    };
    const client = running.client();
    const fresh = await kinds(() => client.register('ada@example.com'));
    const taken = await kinds(() => client.register('ada@example.com'));
    expect(taken).toHaveLength(fresh.length);
    const unknown = await kinds(() => client.signIn('nobody@example.com'));
    const wrong = await kinds(() => client.signIn('ada@example.com', 'a wrong password altogether'));
    expect(wrong).toEqual(unknown);
  });

  it('from a race of twenty registrations: one account, twenty times the same answer', async () => {
    const { app } = await start();
    const passwords = Array.from({ length: 20 }, (_, index) => `${PASSWORD} number ${index}`);
    const answers = await Promise.all(passwords.map((password) => app.client().register('ada@example.com', password)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const [{ n }] = await app.dataSource.query('SELECT count(*) AS n FROM users');
    expect(Number(n)).toBe(1);
  });
});

describe('an unverified address where verification is required', () => {
  it('costs the same statements, in the answer and after it, with the right password and a wrong one, known and unknown', async () => {
    const logger = new QueryLog();
    running = await startApp({
      auth: { emailVerification: 'required', jobs: 'manual' },
      typeorm: { logger, logging: ['query'] },
    });
    const app = running;
    const accounts = app.get(Accounts);
    await accounts.create({ email: 'unverified@example.com', password: PASSWORD });
    await accounts.create({ email: 'known@example.com', password: PASSWORD, emailVerified: true });
    expect((await app.client().signIn('known@example.com')).status).toBe(200);
    const disabled = await accounts.create({ email: 'disabled@example.com', password: PASSWORD });
    await accounts.disable(disabled!.id);
    // The first failure of an account that the application made gives it a row.
    await app.client().signIn('unverified@example.com', 'a wrong password altogether');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const costs: [string, number, string[]][] = [];
    for (const [email, password] of [
      ['nobody@example.com', PASSWORD],
      ['unverified@example.com', PASSWORD],
      ['unverified@example.com', 'a wrong password altogether'],
      ['known@example.com', 'a wrong password altogether'],
      ['disabled@example.com', PASSWORD],
    ] as const) {
      logger.statements = [];
      const { status } = await app.client().signIn(email, password);
      await new Promise((resolve) => setTimeout(resolve, 200));
      // Moments stand in the text of a statement.
      costs.push([email, status, logger.statements.map((statement) => statement.replace(/\d{13}/g, '?'))]);
    }
    const [unknown] = costs;
    expect(unknown![2].length).toBeGreaterThan(4);
    for (const [email, status, statements] of costs) {
      expect(status, email).toBe(401);
      expect(statements.length, email).toBe(unknown![2].length);
    }
    expect(costs[2]![2]).toEqual(unknown![2]);
    expect(costs[3]![2]).toEqual(unknown![2]);
  });

  it('signs in like a wrong password', async () => {
    running = await startApp({ auth: { emailVerification: 'required' } });
    const client = running.client();
    await client.register('ada@example.com');
    const unverified = facts(await client.signIn('ada@example.com'));
    expect(unverified).toEqual(facts(await client.signIn('ada@example.com', 'a wrong password altogether')));
    const [{ id }] = await running.dataSource.query('SELECT id FROM users');
    await running.get(Accounts).markEmailVerified(id);
    expect((await client.signIn('ada@example.com')).status).toBe(200);
  });
});
