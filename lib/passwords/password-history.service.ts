import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { UserTable } from '../users/user-table.js';
import type { HashingOptions } from './hashing-queue.js';
import { PasswordHistoryEntry } from './password-history-entry.entity.js';
import { MAX_STORED } from './password-keys.js';
import { Passwords } from './passwords.service.js';

/** The passwords that an account has, and had before: `passwords.history` of them may not be taken again. */
@Injectable()
export class PasswordHistory {
  private readonly depth: number;

  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly passwords: Passwords,
    private readonly clock: Clock,
    settings: AuthSettings,
  ) {
    this.depth = settings.passwords.history;
  }

  /** Whether the account has the password, or had it. Each comparison is a hash of its own, in the queue. */
  async has(userId: string, password: string, options: HashingOptions): Promise<boolean> {
    if (this.depth === 0) return false;
    const hashes = await this.database.read(async (manager) => {
      const current = await this.table.passwordHashOf(manager, userId);
      const earlier = await this.newestFirst(manager, userId);
      return [current, ...earlier.slice(0, this.depth).map(({ hash }) => hash)];
    });
    for (const hash of hashes) {
      if (hash !== null && (await this.passwords.verify(password, hash, options)).matches) return true;
    }
    return false;
  }

  /** Inside `Database.write`, before a new hash is stored: keeps the one that it replaces, and no more than are asked for. */
  async keepCurrent(manager: EntityManager, userId: string): Promise<void> {
    if (this.depth === 0) {
      await manager.delete(PasswordHistoryEntry, { userId });
      return;
    }
    const hash = await this.table.passwordHashOf(manager, userId);
    // A longer text is no hash of any scheme.
    if (hash !== null && hash.length <= MAX_STORED) {
      const createdAt = this.clock.now();
      await manager.insert(PasswordHistoryEntry, { id: uuidv7(createdAt), userId, hash, createdAt });
    }
    const surplus = (await this.newestFirst(manager, userId)).slice(this.depth);
    if (surplus.length > 0) await manager.delete(PasswordHistoryEntry, { id: In(surplus.map(({ id }) => id)) });
  }

  private newestFirst(manager: EntityManager, userId: string): Promise<PasswordHistoryEntry[]> {
    return manager.find(PasswordHistoryEntry, { where: { userId }, order: { createdAt: 'DESC', id: 'DESC' } });
  }
}
