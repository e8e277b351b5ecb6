import { Accounts } from '../../lib/index.js';
import { Database } from '../../lib/database/database.js';
import { OneTimeTokens, type PresentedToken } from '../../lib/one-time-tokens/one-time-tokens.service.js';
import type { TokenPurpose } from '../../lib/one-time-tokens/purposes.js';
import { TestClock } from '../../lib/testing/index.js';
import { MailAccounts } from '../../lib/users/mail-accounts.service.js';
import { PASSWORD, startApp, type DatabaseKind, type TestApp } from '../support/app.js';

export interface Person {
  readonly userId: string;
  readonly email: string;
}

let people = 0;

/** The service of an application as features use it. */
export class TokenLab {
  private constructor(
    readonly app: TestApp,
    readonly clock: TestClock,
  ) {}

  static async start(database: DatabaseKind): Promise<TokenLab> {
    const clock = new TestClock();
    return new TokenLab(await startApp({ database, clock }), clock);
  }

  get tokens(): OneTimeTokens {
    return this.app.get(OneTimeTokens);
  }

  get accounts(): Accounts {
    return this.app.get(Accounts);
  }

  async newPerson(): Promise<Person> {
    people += 1;
    const email = `holder${people}@example.com`;
    return { userId: (await this.accounts.create({ email, password: PASSWORD }))!.id, email };
  }

  async issue({ userId }: Person, purpose: TokenPurpose = 'reset-password'): Promise<string> {
    const account = (await this.app.get(MailAccounts).find(userId))!;
    return this.app.get(Database).write((manager) => this.tokens.issue(manager, { purpose, account }));
  }

  claim(presented: PresentedToken): Promise<boolean> {
    return this.app.get(Database).write((manager) => this.tokens.claim(manager, presented));
  }

  /** Presents a token as a feature does. */
  async use(token: string, purpose: TokenPurpose = 'reset-password'): Promise<boolean> {
    const presented = await this.tokens.look(purpose, token);
    return presented !== undefined && (await this.claim(presented));
  }

  /** Rows of the table as they are stored. */
  rows(): Promise<Record<string, unknown>[]> {
    return this.app.dataSource.query('SELECT * FROM auth_one_time_tokens');
  }
}
