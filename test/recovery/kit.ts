import { setTimeout as delay } from 'node:timers/promises';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { Accounts, Jobs, type AuthOptions } from '../../lib/index.js';
import { Database } from '../../lib/database/database.js';
import { OneTimeTokens } from '../../lib/one-time-tokens/one-time-tokens.service.js';
import type { TokenPurpose } from '../../lib/one-time-tokens/purposes.js';
import { TestClock } from '../../lib/testing/index.js';
import { MailAccounts } from '../../lib/users/mail-accounts.service.js';
import { PASSWORD, startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startMailbox, type Mailbox, type ReceivedMail } from '../support/mailbox.js';
import type { MailKind } from '../../lib/options/mail-options.js';
import { WhoController } from '../sessions/kit.js';

export const NEW_PASSWORD = `${PASSWORD} anew`;
export const WRONG = 'a wrong password altogether';

export interface Person {
  readonly userId: string;
  readonly email: string;
}

export interface RecoverySetup extends AppSetup {
  readonly mailbox?: Mailbox;
}

let people = 0;

/** An application whose mail arrives. Its route limits are far away. */
export class RecoveryLab {
  private constructor(
    readonly app: TestApp,
    readonly mailbox: Mailbox,
    readonly clock: TestClock,
  ) {}

  static async start({ mailbox, ...setup }: RecoverySetup = {}): Promise<RecoveryLab> {
    const box = mailbox ?? (await startMailbox());
    const clock = (setup.clock as TestClock | undefined) ?? new TestClock();
    const auth: Partial<AuthOptions<User>> = {
      mail: box.options,
      jobs: 'manual',
      rateLimits: { multiplier: 1_000 },
      ...setup.auth,
    };
    const app = await startApp({ controllers: [WhoController], ...setup, clock, auth });
    return new RecoveryLab(app, box, clock);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.mailbox.close();
  }

  /** An account that can sign in with `PASSWORD`, unless it says otherwise. */
  async newPerson({ password = PASSWORD, verified = true }: { password?: string | null; verified?: boolean } = {}) {
    people += 1;
    const email = `owner${people}@example.com`;
    const given = password === null ? {} : { password };
    const user = await this.app.get(Accounts).create({ email, emailVerified: verified, ...given });
    return { userId: user!.id, email } satisfies Person;
  }

  async signedIn({ email }: Person, password = PASSWORD, more: object = {}): Promise<Client> {
    const client = this.app.client();
    const { status, text } = await client.signIn(email, password, more);
    if (status !== 200) throw new Error(`The sign-in of ${email} was answered ${status}: ${text}`);
    return client;
  }

  async tokensOf({ email }: Person, password = PASSWORD): Promise<TokenPair> {
    const grant = { grant_type: 'password', username: email, password };
    const { status, body, text } = await this.app.client().post('/auth/token', grant);
    if (status !== 200) throw new Error(`The grant of ${email} was answered ${status}: ${text}`);
    return body as TokenPair;
  }

  forgot(email: string, client = this.app.client()): Promise<Answer> {
    return client.post('/auth/password/forgot', { email });
  }

  /** The token of a reset link, as its mail brought it. */
  async resetToken({ email }: Person): Promise<string> {
    await this.forgot(email);
    return (await this.mail(email, 'reset-password')).token!;
  }

  /** The next mail of this kind. What calls for it may be written after an answer: the outbox is run until it is there. */
  async mail(email: string, kind: MailKind): Promise<ReceivedMail> {
    let waiting = true;
    const arriving = this.mailbox.next(email, kind).finally(() => (waiting = false));
    arriving.catch(() => undefined);
    while (waiting) {
      await this.deliver();
      await delay(5);
    }
    return arriving;
  }

  /** Delivers what is in the outbox. */
  deliver(): Promise<number> {
    return this.app.get(Jobs).run('outbox');
  }

  reset(token: string, password = NEW_PASSWORD, client = this.app.client()): Promise<Answer> {
    return client.post('/auth/password/reset', { token, password });
  }

  /** A token without its mail. */
  async issue({ userId }: Person, purpose: TokenPurpose = 'reset-password'): Promise<string> {
    const account = (await this.app.get(MailAccounts).find(userId))!;
    const tokens = this.app.get(OneTimeTokens);
    return this.app.get(Database).write((manager) => tokens.issue(manager, { purpose, account }));
  }

  /** Types of the rows of the audit trail about an account that begin so, oldest first. */
  async audited(subjectId: string | null, prefix = ''): Promise<AuditRow[]> {
    const rows = await this.app.dataSource.getRepository(AuditRow).find({ order: { at: 'ASC', id: 'ASC' } });
    return rows.filter((row) => row.subjectId === subjectId && row.type.startsWith(prefix));
  }
}

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
}

export function whoami(app: TestApp, { access_token: token }: Pick<TokenPair, 'access_token'>): Promise<Answer> {
  return app.client().get('/whoami', { headers: { authorization: `Bearer ${token}` } });
}

/** The members of an answer that a client can tell apart, but for what differs by itself. */
export function bytesOf({ status, headers, text }: Answer): object {
  const names = ['content-type', 'cache-control', 'set-cookie', 'retry-after', 'www-authenticate'];
  return { status, text, headers: names.map((name) => headers.get(name)) };
}

/** `count` times the same. */
export function times<T>(count: number, what: T): T[] {
  return new Array<T>(count).fill(what);
}
