import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Secret } from 'otpauth';
import { IsNull, type EntityManager } from 'typeorm';
import type { ClientInfo } from '../common/client-address.js';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox } from '../mail/outbox.js';
import { clientFacts } from '../sessions/client-facts.js';
import { RecoveryCode } from './recovery-code.entity.js';

const CODES = 10;
/** 120 bits need no password hash (ASVS 5.0 V6.5.2 asks for one below 112), and are 24 characters without padding. */
const CODE_BYTES = 15;
const CODE = /^[A-Z2-7]{24}$/;
const GROUP = /.{6}(?=.)/g;

export interface PresentedRecoveryCode {
  readonly userId: string;
  /** As somebody copied it: case, spaces and dashes do not matter. */
  readonly typed: string;
  readonly client: ClientInfo;
  /** Of the notice to the owner. */
  readonly locale: string;
}

/**
 * Codes that stand in for a second factor which is lost: ten of 120 random bits, shown once, each good once. The database
 * holds a hash over user and value, so that one guess is a guess at one account alone.
 */
@Injectable()
export class RecoveryCodes {
  constructor(
    private readonly database: Database,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** A new set, as it is shown: four groups of six. */
  make(): readonly string[] {
    return Array.from({ length: CODES }, () => {
      const { buffer, byteOffset } = randomBytes(CODE_BYTES);
      return new Secret({ buffer: buffer.slice(byteOffset, byteOffset + CODE_BYTES) }).base32.replace(GROUP, '$&-');
    });
  }

  /** Inside `Database.write`: what the account had before works no longer. */
  async replace(manager: EntityManager, userId: string, codes: readonly string[]): Promise<void> {
    await this.drop(manager, userId);
    const createdAt = this.clock.now();
    const rows = codes.map((code) => ({ userId, hash: hashOf(userId, plain(code)), createdAt, usedAt: null }));
    await manager.insert(RecoveryCode, rows);
  }

  /** Inside `Database.write`. */
  async drop(manager: EntityManager, userId: string): Promise<void> {
    await manager.delete(RecoveryCode, { userId });
  }

  /** How many have not been used. */
  left(userId: string): Promise<number> {
    return this.database.read((manager) => countLeft(manager, userId));
  }

  /** Uses one up, and tells the owner. Of any number of callers at once with the same code one gets `true`. */
  async use({ userId, typed, client, locale }: PresentedRecoveryCode): Promise<boolean> {
    const value = plain(typed);
    if (!CODE.test(value)) return false;
    const claim = { userId, hash: hashOf(userId, value) };
    return this.database.write(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(RecoveryCode)
        .set({ usedAt: this.clock.now() })
        .where('userId = :userId AND hash = :hash AND usedAt IS NULL', claim)
        .execute();
      if (affected !== 1) return false;
      const details = { left: await countLeft(manager, userId) };
      await this.events.record(manager, { type: 'recovery_code.used', subjectId: userId, client, details });
      const data = { change: 'recovery-code-used', ...clientFacts(client) };
      await this.outbox.add(manager, { kind: 'second-factor-changed', userId, locale, data });
      return true;
    });
  }
}

function countLeft(manager: EntityManager, userId: string): Promise<number> {
  return manager.countBy(RecoveryCode, { userId, usedAt: IsNull() });
}

function plain(typed: string): string {
  return typed.replace(/[\s-]/g, '').toUpperCase();
}

function hashOf(userId: string, value: string): string {
  return createHash('sha256').update(`gatehouse/recovery-code/v1\0${userId}\0${value}`).digest('base64url');
}
