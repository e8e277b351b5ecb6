import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { randomToken } from '../common/random.js';
import { Database } from '../database/database.js';
import { ensureAccount, lockAccount } from '../users/account-epoch.js';
import { MailAccounts, type MailAccount } from '../users/mail-accounts.service.js';
import { OneTimeToken } from './one-time-token.entity.js';
import { TOKEN_LIFE_MS, type TokenPurpose } from './purposes.js';

const SECRET_BYTES = 32;
const TOKEN = /^[\w-]{22}\.[\w-]{43}$/;

export interface TokenRequest {
  readonly purpose: TokenPurpose;
  /** As it was read before anything was decided. */
  readonly account: MailAccount;
  readonly newAddress?: string;
  /** Hash of what the browser that asked holds. */
  readonly binding?: string;
}

/** A token that was good when it was looked at. Whether it still is, `claim` tells. */
export interface PresentedToken {
  readonly row: OneTimeToken;
  readonly account: MailAccount;
}

/**
 * Tokens that are mailed and work once. 256 random bits, of which the database holds a hash over purpose and value; the
 * newest of an account and purpose wins.
 */
@Injectable()
export class OneTimeTokens {
  constructor(
    private readonly database: Database,
    private readonly accounts: MailAccounts,
    private readonly clock: Clock,
  ) {}

  /** Inside `Database.write`: makes a token in place of the one before, and returns it as `id.secret`. */
  async issue(manager: EntityManager, { purpose, account, newAddress, binding }: TokenRequest): Promise<string> {
    const now = this.clock.now();
    const tokenId = randomToken();
    const secret = randomToken(SECRET_BYTES);
    await ensureAccount(manager, account.userId);
    const row: OneTimeToken = {
      userId: account.userId,
      purpose,
      tokenId,
      hash: hashOf(purpose, tokenId, secret),
      epoch: account.epoch,
      address: account.emailCanonical,
      newAddress: newAddress ?? null,
      binding: binding ?? null,
      createdAt: now,
      expiresAt: now + TOKEN_LIFE_MS[purpose],
      usedAt: null,
    };
    await manager.upsert(OneTimeToken, row, ['userId', 'purpose']);
    return `${tokenId}.${secret}`;
  }

  /**
   * The token and its account, without using it up; `undefined` for one that is wrong, expired, used, superseded, for
   * another purpose, of another epoch or address, or of an account that is disabled or gone.
   */
  async look(purpose: TokenPurpose, presented: string): Promise<PresentedToken | undefined> {
    const row = await this.find(purpose, presented);
    if (row === undefined || row.usedAt !== null || row.expiresAt <= this.clock.now()) return undefined;
    const account = await this.accounts.find(row.userId);
    return account !== undefined && isFor(account, row) ? { row, account } : undefined;
  }

  /** Whose token it is or was, for the record of a refusal; `undefined` for one that names no row. */
  async ownerOf(purpose: TokenPurpose, presented: string): Promise<string | undefined> {
    return (await this.find(purpose, presented))?.userId;
  }

  /**
   * Inside `Database.write`, first of all: of any number of callers at once, one is told `true`. The account's row is locked
   * before anything is read, so that no change of its credentials or its address comes between.
   */
  async claim(manager: EntityManager, { row }: PresentedToken): Promise<boolean> {
    if (!(await lockAccount(manager, row.userId))) return false;
    const account = await this.accounts.findIn(manager, row.userId);
    if (account === undefined || !isFor(account, row)) return false;
    const now = this.clock.now();
    const { affected } = await manager
      .createQueryBuilder()
      .update(OneTimeToken)
      .set({ usedAt: now })
      .where('tokenId = :tokenId AND hash = :hash AND usedAt IS NULL AND expiresAt > :now')
      .setParameters({ tokenId: row.tokenId, hash: row.hash, now })
      .execute();
    return affected === 1;
  }

  /** Inside `Database.write`: ends the token of the account for this purpose. */
  async end(manager: EntityManager, userId: string, purpose: TokenPurpose): Promise<void> {
    await manager.delete(OneTimeToken, { userId, purpose });
  }

  /** Inside `Database.write`: ends every token of the account. */
  async endAll(manager: EntityManager, userId: string): Promise<void> {
    await manager.delete(OneTimeToken, { userId });
  }

  private async find(purpose: TokenPurpose, presented: string): Promise<OneTimeToken | undefined> {
    if (!TOKEN.test(presented)) return undefined;
    const [tokenId = '', secret = ''] = presented.split('.');
    const row = await this.database.read((manager) => manager.findOneBy(OneTimeToken, { tokenId, purpose }));
    return row?.hash === hashOf(purpose, tokenId, secret) ? row : undefined;
  }
}

/** Whether the account is enabled, and still as it was when the token was made. */
function isFor({ disabled, epoch, emailCanonical }: MailAccount, row: OneTimeToken): boolean {
  return !disabled && epoch === row.epoch && emailCanonical === row.address;
}

/** The fixed label keeps a hash of one purpose from being one of another, and of another system. */
function hashOf(purpose: TokenPurpose, tokenId: string, secret: string): string {
  return createHash('sha256').update(`gatehouse/${purpose}/v1\0${tokenId}\0${secret}`).digest('base64url');
}
