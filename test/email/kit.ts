import { TestClock } from '../../lib/testing/index.js';
import { Jobs, type AuthOptions } from '../../lib/index.js';
import { startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';

export const ADA = 'ada@example.com';
export const EVE = 'eve@example.com';
/** Passes the default policy, and is none that other tests type. */
export const ANOTHER = 'a quite different passphrase';

export interface MailApp {
  readonly app: TestApp;
  readonly mailbox: Mailbox;
  readonly clock: TestClock;
  /** Delivers what is in the outbox. Afterwards nothing more comes of what has been asked for. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

/** An application that mails to a real server, at the moments the test says. */
export async function startMailApp(setup: AppSetup = {}, auth: Partial<AuthOptions<User>> = {}): Promise<MailApp> {
  const mailbox = await startMailbox();
  const clock = new TestClock();
  const app = await startApp({
    clock,
    ...setup,
    auth: {
      emailVerification: 'required',
      mail: mailbox.options,
      jobs: 'manual',
      // The limits of routes are not the subject; those of mail are counted with a multiplier of 1.
      ...setup.auth,
      ...auth,
    },
  });
  return {
    app,
    mailbox,
    clock,
    deliver: async () => {
      while ((await app.get(Jobs).run('outbox')) > 0);
    },
    close: async () => {
      await app.close();
      await mailbox.close();
    },
  };
}

/** What a refusal is told by: everything but what belongs to the transport. */
export function facts({ status, headers, text }: Answer): object {
  const names = [...headers.keys()].filter(
    (name) => !['date', 'keep-alive'].includes(name) && !name.startsWith('x-ratelimit'),
  );
  return { status, text, names: names.sort() };
}

/** The rows of the audit trail as `type`, or `type:failure`, sorted. */
export async function trail({ dataSource }: TestApp, subjectId?: string): Promise<string[]> {
  const rows: { type: string; outcome: string; subject_id: string | null }[] = await dataSource.query(
    'SELECT type, outcome, subject_id FROM auth_audit',
  );
  return rows
    .filter((row) => subjectId === undefined || row.subject_id === subjectId)
    .map(({ type, outcome }) => (outcome === 'success' ? type : `${type}:${outcome}`))
    .sort();
}

export async function idOf({ dataSource }: TestApp, email: string): Promise<string> {
  const rows: { id: string; email: string }[] = await dataSource.query('SELECT id, email FROM users');
  return rows.find((row) => row.email === email)!.id;
}
