import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { STANDS, startApp, type TestApp } from '../support/app.js';
import { QueryLog } from '../support/query-log.js';
import { startTold } from '../module/told-hooks.js';
import { ADA, ANOTHER, EVE, facts, startMailApp, trail, type MailApp } from '../email/kit.js';

let running: { close(): Promise<void> } | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** A statement as far as it tells what is done: its verb and its table. */
function shape(statement: string): string {
  const [, verb = '', table = ''] =
    /^(\w+)(?:.*?(?:INTO|UPDATE|FROM)\s+|\s+)?["`]?(\w*)/s.exec(statement.replace(/^UPDATE/, 'UPDATE UPDATE')) ?? [];
  return ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].includes(verb) ? `${verb} ${table}` : verb;
}

const written = (shapes: readonly string[]): string[] =>
  shapes.map((each) => each.replace(/^(INSERT|DELETE)/, 'UPDATE'));

describe.each(STANDS)('registering on $adapter, $database and $store', (stack) => {
  it('runs the same statements for a free, an unproven and a proven address', async () => {
    const logger = new QueryLog();
    const typeorm = { logger, logging: ['query'] as const };
    const app = await startApp({
      ...stack,
      typeorm: typeorm as never,
      auth: { emailVerification: 'required', jobs: 'manual', roles: { default: ['member', 'reader'] } },
    });
    running = app;
    await app.get(Accounts).create({ email: EVE, emailVerified: true });
    const register = async (email: string) => {
      logger.statements = [];
      const answer = facts(await app.client().register(email));
      return { answer, shapes: logger.statements.map(shape) };
    };
    const free = await register(ADA);
    const unproven = await register(ADA);
    const contested = await register(ADA);
    const proven = await register(EVE);
    expect(free.answer).toMatchObject({ status: 202 });
    expect(free.shapes).toContain('INSERT auth_outbox');
    for (const { answer, shapes } of [unproven, contested, proven]) {
      expect(answer).toEqual(free.answer);
      expect(written(shapes)).toEqual(written(free.shapes));
    }
    expect(unproven.shapes).toEqual(proven.shapes);
    const [letters] = await app.dataSource.query('SELECT count(*) AS n FROM auth_outbox');
    expect(Number(letters.n)).toBe(4);
  });

  it('of one free address by twenty at once makes one account, and everybody else contests it', async () => {
    const mailApp = await startMailApp(stack);
    running = mailApp;
    const { app, deliver, mailbox } = mailApp;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => app.client().register(ADA, `${ANOTHER} ${index}`)),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const events = await trail(app);
    expect(events).toEqual(['account.registered', ...new Array<string>(19).fill('account.registration_repeated')]);
    await deliver();
    expect(mailbox.all(ADA)).toHaveLength(5);
    const [account] = await app.dataSource.query('SELECT epoch FROM auth_accounts');
    expect(account).toEqual({ epoch: 1 });
  });
});

describe('a proven owner', () => {
  it('keeps the account as it is, row by row, whoever registers the address', async () => {
    const mailApp: MailApp = await startMailApp({}, { emailVerification: 'optional' });
    running = mailApp;
    const { app } = mailApp;
    await app.get(Accounts).create({ email: ADA, password: ANOTHER, emailVerified: true });
    const ada = app.client();
    await ada.signIn(ADA, ANOTHER);
    const rows = async () => [
      await app.dataSource.query('SELECT * FROM users'),
      await app.dataSource.query('SELECT * FROM auth_accounts'),
      await app.dataSource.query('SELECT id, epoch, revoked_at FROM auth_sessions'),
    ];
    const before = await rows();
    await app.client().register(ADA);
    expect(await rows()).toEqual(before);
    expect((await ada.get('/auth/me')).status).toBe(200);
  });
});

describe('a hook that refuses a registration', () => {
  it('leaves one row that names nobody, for a free and for a taken address', async () => {
    const { app, hooks } = await startTold({}, { jobs: 'manual' });
    running = app;
    await app.client().register(ADA);
    hooks.tell('beforeRegister', () => false);
    const answers = [facts(await app.client().register(ADA)), facts(await app.client().register(EVE))];
    expect(answers[0]).toMatchObject({ status: 403 });
    expect(answers[1]).toEqual(answers[0]);
    expect(await refusals(app)).toEqual([
      { subject_id: null, details: '{}' },
      { subject_id: null, details: '{}' },
    ]);
  });
});

function refusals({ dataSource }: TestApp): Promise<unknown> {
  return dataSource.query(
    "SELECT subject_id, details FROM auth_audit WHERE type = 'account.registration_refused' AND outcome = 'failure'",
  );
}
