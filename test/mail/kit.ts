import { setTimeout as delay } from 'node:timers/promises';
import { MailTransport, type AuthOptions } from '../../lib/index.js';
import { Database } from '../../lib/database/database.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { Jobs } from '../../lib/jobs/jobs.service.js';
import { LETTER_KINDS, type Letter, type LetterKind } from '../../lib/mail/letter.js';
import { linkWithToken } from '../../lib/mail/mail-link.js';
import type { ComposedMail, CompositionContext, MailComposer } from '../../lib/mail/mail-composer.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { Outbox, type NewLetter } from '../../lib/mail/outbox.js';
import { MAIL_COMPOSERS } from '../../lib/mail/tokens.js';
import { randomToken } from '../../lib/common/random.js';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type AppSetup, type TestApp, type User } from '../support/app.js';

/** Composes every kind of letter without an account: what the features do with accounts is not the subject here. */
export class LabComposer implements MailComposer {
  readonly kinds = LETTER_KINDS;
  readonly tokens: string[] = [];
  readonly entryIds: string[] = [];
  failWith: Error | undefined;

  compose(letter: Letter, { entryId }: CompositionContext): Promise<ComposedMail | undefined> {
    this.entryIds.push(entryId);
    if (this.failWith !== undefined) return Promise.reject(this.failWith);
    if (letter.address === undefined) return Promise.resolve(undefined);
    const token = `id.${randomToken(32)}`;
    this.tokens.push(token);
    const link = linkWithToken(new URL('https://app.example.com/verify-email'), token);
    const facts = { link, validForMinutes: 1440, contested: false };
    return Promise.resolve({ kind: 'verify-email', to: letter.address, facts });
  }
}

export interface MailLab extends TestApp {
  readonly clock: TestClock;
  readonly composer: LabComposer;
  readonly log: string[];
  /** Commits letters as a change would. */
  post(...letters: (string | NewLetter)[]): Promise<void>;
  /** Runs the job of the outbox once. */
  run(): Promise<number>;
  /** Moves time on and runs the job, `times` times. */
  pass(ms: number, times?: number): Promise<void>;
  entries(): Promise<OutboxEntry[]>;
  entry(): Promise<OutboxEntry>;
  audit(): Promise<AuditRow[]>;
}

export interface LabSetup extends Omit<AppSetup, 'clock' | 'auth'> {
  readonly mail?: AuthOptions<User>['mail'];
  readonly auth?: AppSetup['auth'];
  readonly transport?: MailTransport;
  readonly clock?: TestClock;
}

/** An application whose outbox is run by hand, under a clock that stands still. */
export async function startMailLab({ mail, transport, clock = new TestClock(), ...setup }: LabSetup): Promise<MailLab> {
  const composer = new LabComposer();
  const log: string[] = [];
  const write = (...parts: unknown[]): void => void log.push(parts.join(' '));
  const app = await startApp({
    ...setup,
    clock,
    logger: { log: write, warn: write, error: write },
    auth: { jobs: 'manual', ...(mail === undefined ? {} : { mail }), ...setup.auth },
    override: (builder) => {
      const composed = builder.overrideProvider(MAIL_COMPOSERS).useValue([composer]);
      return transport === undefined ? composed : composed.overrideProvider(MailTransport).useValue(transport);
    },
  });
  const run = (): Promise<number> => app.get(Jobs).run('outbox');
  const entries = (): Promise<OutboxEntry[]> => app.dataSource.manager.find(OutboxEntry, { order: { id: 'ASC' } });
  return {
    ...app,
    clock,
    composer,
    log,
    post: (...letters) =>
      app.get(Database).write(async (manager) => {
        for (const letter of letters) {
          await app.get(Outbox).add(manager, typeof letter === 'string' ? letterTo(letter) : letter);
        }
      }),
    run,
    pass: async (ms, times = 1) => {
      for (let turn = 0; turn < times; turn += 1) {
        clock.advance(ms);
        await run();
      }
    },
    entries,
    entry: async () => (await entries())[0]!,
    audit: () => app.dataSource.manager.find(AuditRow),
  };
}

export function letterTo(address: string, kind: LetterKind = 'registration'): NewLetter {
  return { kind, address, locale: 'en' };
}

/** Waits for something that another party does. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += 10) {
    if (waited >= withinMs) throw new Error('It did not come to pass.');
    await delay(10);
  }
}
