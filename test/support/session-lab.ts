import { Accounts, StateStore, type AuthOptions } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import type { Letter } from '../../lib/mail/letter.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { Outbox } from '../../lib/mail/outbox.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { SessionOpener, type SessionRequest } from '../../lib/sessions/session-opener.js';
import { TestClock } from '../../lib/testing/index.js';
import { Account } from '../../lib/users/account.entity.js';
import { PASSWORD, startApp, type AppSetup, type TestApp, type User } from './app.js';

export const LAB_CLIENT = { address: '192.0.2.7', userAgent: 'lab' };

/** An event without what differs from run to run. */
export type ToldEvent = Partial<Omit<AuditRow, 'id' | 'at'>>;

let people = 0;

/** One application with a clock that is moved, for specs that ask services and look at the rows that they leave. */
export class SessionLab {
  private constructor(
    readonly app: TestApp,
    readonly clock: TestClock,
  ) {}

  static async start(auth: Partial<AuthOptions<User>> = {}, setup: AppSetup = {}): Promise<SessionLab> {
    const clock = new TestClock();
    return new SessionLab(await startApp({ clock, auth, ...setup }), clock);
  }

  get store(): StateStore {
    return this.app.get(StateStore);
  }

  close(): Promise<void> {
    return this.app.close();
  }

  /** The id of a new user, with `PASSWORD`. */
  async person(...roles: string[]): Promise<string> {
    people += 1;
    const user = await this.app
      .get(Accounts)
      .create({ email: `person${people}@lab.example`, password: PASSWORD, roles });
    // Of what the specs are about, nothing has happened to anybody new.
    await this.app.dataSource.manager.delete(AuditRow, { subjectId: user!.id });
    return user!.id;
  }

  /** A session of the user, a millisecond after whatever was before. */
  async open(userId: string, more: Partial<SessionRequest> = {}): Promise<LoginSession> {
    this.clock.advance(1);
    const request = { userId, epoch: 0, methods: ['pwd'], rememberMe: false, client: LAB_CLIENT, ...more };
    const session = await this.app.get(SessionOpener).open(request);
    if (session === undefined) throw new Error('No session began.');
    return session;
  }

  row(id: string): Promise<LoginSession> {
    return this.app.dataSource.manager.findOneByOrFail(LoginSession, { id });
  }

  async alter(id: string, values: Partial<LoginSession>): Promise<void> {
    await this.app.dataSource.manager.update(LoginSession, { id }, values);
  }

  account(userId: string): Promise<Account | null> {
    return this.app.dataSource.manager.findOneBy(Account, { userId });
  }

  async alterAccount(userId: string, values: Partial<Account>): Promise<void> {
    await this.app.dataSource.manager.update(Account, { userId }, values);
  }

  /** The events since the last call, oldest first. */
  async events(): Promise<ToldEvent[]> {
    const { manager } = this.app.dataSource;
    // Ids of one moment are in no order, rows are.
    const rows = await manager.createQueryBuilder(AuditRow, 'r').orderBy('r.rowid').getMany();
    await manager.clear(AuditRow);
    return rows.map(({ id: _id, at: _at, ...event }) => event);
  }

  /** The letters since the last call. */
  async letters(): Promise<Letter[]> {
    const { manager } = this.app.dataSource;
    const entries = await manager.createQueryBuilder(OutboxEntry, 'e').orderBy('e.rowid').getMany();
    await manager.clear(OutboxEntry);
    return entries.map((entry) => this.app.get(Outbox).open(entry)!);
  }
}
