import { expect } from 'vitest';
import { Accounts, AuthHooks, type BeforeSignIn, type MailKind } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { Jobs } from '../../lib/jobs/jobs.service.js';
import { TestClock } from '../../lib/testing/index.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { redisUrl } from '../support/services.js';
import { startMailbox, type Mailbox, type ReceivedMail } from '../support/mailbox.js';

export { STANDS } from '../support/app.js';

export const MINUTE_MS = 60_000;

/** Refuses, or fails for, whoever the test says. */
export class VetoHooks extends AuthHooks {
  answer: (signIn: BeforeSignIn) => boolean | Promise<boolean> = () => true;
  readonly asked: BeforeSignIn[] = [];

  override beforeSignIn(signIn: BeforeSignIn): boolean | Promise<boolean> {
    this.asked.push(signIn);
    return this.answer(signIn);
  }
}

/** An application whose mail goes through a real SMTP server, when the test says so. */
export interface PostOffice extends TestApp {
  readonly clock: TestClock;
  readonly hooks: VetoHooks;
  readonly mailbox: Mailbox;
  /** A new account with a proven address, and its password unless it is to have none. */
  person(options?: {
    readonly password?: string | undefined;
  }): Promise<{ readonly id: string; readonly email: string }>;
  /** Sends what waits. */
  deliver(): Promise<void>;
  /** The latest mail of the kind, after sending what waits. */
  mail(to: string, kind: MailKind): Promise<ReceivedMail>;
  mails(to: string, kind: MailKind): Promise<readonly ReceivedMail[]>;
  /** In no order: under a clock that stands still their ids have none. */
  audit(type: AuditRow['type']): Promise<readonly AuditRow[]>;
}

let people = 0;

export async function startPostOffice({ auth, ...setup }: AppSetup = {}): Promise<PostOffice> {
  const mailbox = await startMailbox();
  const hooks = new VetoHooks();
  const clock = setup.clock instanceof TestClock ? setup.clock : new TestClock();
  const url = setup.redisUrl ?? (setup.store === 'redis' ? await redisUrl() : undefined);
  const app = await startApp({
    ...setup,
    clock,
    auth: {
      // Many requests at once on a busy machine are not the subject here.
      ...(url === undefined ? {} : { redis: { url, commandTimeout: '5s' } }),
      mail: mailbox.options,
      emailVerification: 'required',
      jobs: 'manual',
      rateLimits: { multiplier: 1_000 },
      overrides: [{ provide: AuthHooks, useValue: hooks }],
      ...auth,
    },
  });
  const deliver = async (): Promise<void> => {
    while ((await app.get(Jobs).run('outbox')) > 0);
  };
  const mails = async (to: string, kind: MailKind): Promise<readonly ReceivedMail[]> => {
    await deliver();
    return mailbox.all(to).filter((mail) => mail.kind === kind);
  };
  return {
    ...app,
    clock,
    hooks,
    mailbox,
    deliver,
    mails,
    mail: async (to, kind) => {
      const latest = (await mails(to, kind)).at(-1);
      if (latest === undefined) throw new Error(`No ${kind} has come for ${to}.`);
      return latest;
    },
    person: async ({ password } = { password: PASSWORD }) => {
      people += 1;
      const email = `person${people}@example.com`;
      const given = password === undefined ? {} : { password };
      const user = await app.get(Accounts).create({ email, emailVerified: true, ...given });
      return { id: user!.id, email };
    },
    audit: (type) => app.dataSource.getRepository(AuditRow).findBy({ type }),
    close: async () => {
      await app.close();
      await mailbox.close();
    },
  };
}

/** The parts of an answer that must be the same for everybody; values that are random by their length. */
export function shapeOf({ status, headers, text, body, setCookies }: Answer): object {
  const names = [...headers.keys()].filter((name) => !['date', 'keep-alive', 'etag'].includes(name));
  const said = typeof body?.challenge === 'string' ? { challenge: body.challenge.length } : text;
  const cookies = setCookies.map((line) => line.replace(/=[\w-]{22};/, '=<random>;').replace(/Expires=[^;]+/i, ''));
  return { status, said, cookies, names: names.sort() };
}

/** How many there are of each outcome. */
export function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = status === 200 ? 'ok' : String(body?.code);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** A browser with the cookies of another. */
export function copyOf(app: TestApp, browser: Client): Client {
  const copy = app.client();
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  copy.csrfToken = browser.csrfToken;
  return copy;
}

export function expectCode(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body?.code]).toEqual([status, code]);
}

/** Another code of six digits. */
export function notThe(code: string): string {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}
