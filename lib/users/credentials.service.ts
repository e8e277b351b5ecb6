import { Inject, Injectable } from '@nestjs/common';
import { IsNull, MoreThan, type EntityManager } from 'typeorm';
import { MailAccounts } from './mail-accounts.service.js';
import { CREDENTIAL_ROWS, type CredentialRows } from './tokens.js';

/** Everything that accounts sign in with beside the password: factors, passkeys, accounts of other providers. */
@Injectable()
export class Credentials {
  constructor(
    @Inject(CREDENTIAL_ROWS) private readonly rows: readonly CredentialRows[],
    private readonly accounts: MailAccounts,
  ) {}

  /**
   * Inside `Database.write`, when an address is proven that nobody had proven before: whoever set these up need not be the
   * one whose address it is.
   */
  async drop(manager: EntityManager, userId: string): Promise<void> {
    for (const { entity } of this.rows) await manager.delete(entity, { userId });
  }

  /** Inside `Database.write`, when the account is disabled: enabling it again revives none of what ends then. */
  async end(manager: EntityManager, userId: string, now: number): Promise<void> {
    for (const { entity, endsAt } of this.rows) {
      if (endsAt === undefined) continue;
      await manager.update(entity, { userId, [endsAt]: MoreThan(now) }, { [endsAt]: now });
    }
  }

  /** How many of those that outlive a new password, and end when the account is disabled, are not over. */
  async countLasting(manager: EntityManager, userId: string, now: number): Promise<number> {
    let count = 0;
    for (const { entity, endsAt } of this.rows) {
      if (endsAt !== undefined) count += await manager.countBy(entity, { userId, [endsAt]: MoreThan(now) });
    }
    return count;
  }

  /**
   * How many of password, passkeys and linked accounts there are. Links and codes by mail do not count: they sign in to
   * every account, and are what is left to somebody who has lost all others. Inside a transaction that has locked the
   * account's row nobody changes it meanwhile.
   */
  async countSignInMethods(manager: EntityManager, userId: string): Promise<number> {
    const account = await this.accounts.findIn(manager, userId);
    let count = account?.hasPassword === true ? 1 : 0;
    for (const { entity, signsIn, unless } of this.rows) {
      const good = unless === undefined ? {} : { [unless]: IsNull() };
      if (signsIn) count += await manager.countBy(entity, { userId, ...good });
    }
    return count;
  }
}
