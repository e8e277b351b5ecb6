import { Injectable } from '@nestjs/common';
import { IsNull, Not, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { MINUTE_MS } from '../../common/duration.js';
import { uuidv7 } from '../../common/random.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { Keyring } from '../../keys/keyring.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { lockAccount } from '../../users/account-epoch.js';
import { newTotpSecret, type TotpParameters } from './totp-codes.js';
import { TotpCredential } from './totp-credential.entity.js';

/** How long an enrolment waits for its first code. */
export const ENROLMENT_LIFE_MS = 10 * MINUTE_MS;
const DIGITS = 6;
const PERIOD_SECONDS = 30;

/** A row whose seal has been opened. */
export interface OpenedCredential extends TotpParameters {
  readonly id: string;
}

/** The rows of `auth_totp`: every change of one is a single conditional statement. */
@Injectable()
export class TotpCredentials {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly settings: AuthSettings,
  ) {}

  /**
   * A new secret in place of any that has not been confirmed, for this session alone. `undefined`: the account has a confirmed
   * one.
   */
  async enrol(userId: string, sessionId: string): Promise<TotpParameters | undefined> {
    const createdAt = this.clock.now();
    const id = uuidv7(createdAt);
    const { algorithm } = this.settings.totp;
    const secret = newTotpSecret(algorithm);
    const parameters = { algorithm, digits: DIGITS, period: PERIOD_SECONDS };
    const sealed = this.keyring.seal(pendingText(sessionId, secret), totpPlace(id));
    const row = { id, userId, sealed, ...parameters, lastStep: 0, createdAt, confirmedAt: null };
    const isNew = await this.database.write(async (manager) => {
      if (!(await lockAccount(manager, userId))) throw new AuthError('NOT_AUTHENTICATED');
      if (await manager.existsBy(TotpCredential, { userId, confirmedAt: Not(IsNull()) })) return false;
      await manager.delete(TotpCredential, { userId });
      await manager.insert(TotpCredential, row);
      return true;
    });
    return isNew ? { ...parameters, secret } : undefined;
  }

  async isEnabled(userId: string): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(TotpCredential, { userId, confirmedAt: Not(IsNull()) }));
  }

  /** What codes of the account are checked with; `undefined` while it has no authenticator. */
  async enabledOf(userId: string): Promise<OpenedCredential | undefined> {
    const row = await this.find(userId);
    return row === null || row.confirmedAt === null ? undefined : this.open(row);
  }

  /**
   * The enrolment that waits for its first code. `undefined` when there is none, or no more, or one that another session has
   * begun: what ends a session, such as a reset, ends its enrolment.
   */
  async pendingOf(userId: string, sessionId: string): Promise<OpenedCredential | undefined> {
    const row = await this.find(userId);
    const isOver = row === null || row.confirmedAt !== null || row.createdAt <= this.clock.now() - ENROLMENT_LIFE_MS;
    if (isOver) return undefined;
    const { secret: text, ...rest } = this.open(row);
    const secret = secretOfPending(sessionId, text);
    return secret === undefined ? undefined : { ...rest, secret };
  }

  /** Inside `Database.write`: turns the enrolment into the account's authenticator, unless a newer one is there. */
  async confirm(manager: EntityManager, { id, secret }: OpenedCredential, step: number): Promise<boolean> {
    const sealed = this.keyring.seal(secret, totpPlace(id));
    const now = this.clock.now();
    const { affected } = await manager
      .createQueryBuilder()
      .update(TotpCredential)
      .set({ sealed, confirmedAt: now, lastStep: step })
      .where('id = :id AND confirmedAt IS NULL AND createdAt > :after', { id, after: now - ENROLMENT_LIFE_MS })
      .execute();
    return affected === 1;
  }

  /** Uses up the code of a step, and those of all before. Of any number of callers at once one gets `true`. */
  use(id: string, step: number): Promise<boolean> {
    return this.database.write(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(TotpCredential)
        .set({ lastStep: step })
        .where('id = :id AND confirmedAt IS NOT NULL AND lastStep < :step', { id, step })
        .execute();
      return affected === 1;
    });
  }

  /** Inside `Database.write`: `false` when the account has none. */
  async remove(manager: EntityManager, userId: string): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .delete()
      .from(TotpCredential)
      .where('userId = :userId AND confirmedAt IS NOT NULL', { userId })
      .execute();
    return affected === 1;
  }

  private find(userId: string): Promise<TotpCredential | null> {
    return this.database.read((manager) => manager.findOneBy(TotpCredential, { userId }));
  }

  private open({ id, sealed, algorithm, digits, period }: TotpCredential): OpenedCredential {
    const secret = this.keyring.open(sealed, totpPlace(id));
    // Of a secret that another node has and this one has not: no verdict on the code.
    if (secret === undefined) {
      throw new AuthError('STORE_UNAVAILABLE', {
        retryAfterMs: 1_000,
        cause: new Error('auth_totp: a seal does not open'),
      });
    }
    return { id, secret, algorithm, digits, period };
  }
}

/** What is sealed until the first code: the public id of the session that has begun it stands before the secret. */
function pendingText(sessionId: string, secret: string): string {
  return `${sessionId}.${secret}`;
}

function secretOfPending(sessionId: string, text: string): string | undefined {
  const prefix = pendingText(sessionId, '');
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}

/** Where the secret of a row is sealed for. */
export function totpPlace(id: string): string {
  return `auth_totp.sealed.${id}`;
}
