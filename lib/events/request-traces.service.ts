import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThanOrEqual, Not, type EntityManager } from 'typeorm';
import { Database } from '../database/database.js';
import { AuditRow } from './audit-row.entity.js';

const ROWS_A_STATEMENT = 500;
const DELETED = 'account.deleted';
const MARKERS_A_RUN = 100;

/** What stays of an event when where it came from does not. */
export const NOWHERE = { identifier: null, address: null, userAgent: null, details: {} } as const;

/** Requests that named the address of an account which is gone. */
export interface Traces {
  readonly userId: string;
  /** Of the address, under every key that is configured. */
  readonly digests: readonly string[];
  /** Epoch ms: what was asked for later is somebody else's. */
  readonly until: number;
}

/**
 * Takes from the trail where requests came from that named a deleted account's address without a sign-in. Anybody can make
 * them, any number, so that they are no part of the deletion: its own row keeps the digest until they are done.
 */
@Injectable()
export class RequestTraces {
  constructor(private readonly database: Database) {}

  /** Inside the transaction of the deletion, after its event. */
  async mark(manager: EntityManager, userId: string, digest: string): Promise<void> {
    await manager.update(AuditRow, { subjectId: userId, type: DELETED }, { identifier: digest });
  }

  /** In `batches` of 500 rows at most. Returns how many rows it changed; what is left waits for `finish`. */
  async erase({ userId, digests, until }: Traces, batches: number, signal?: AbortSignal): Promise<number> {
    const where = { identifier: In(digests), subjectId: IsNull(), at: LessThanOrEqual(until) };
    let changed = 0;
    for (let batch = 0; batch < batches && signal?.aborted !== true; batch += 1) {
      const rows = await this.database.read((manager) =>
        manager.find(AuditRow, { select: { id: true }, where, take: ROWS_A_STATEMENT }),
      );
      const ids = rows.map(({ id }) => id);
      if (ids.length > 0) await this.database.write((manager) => manager.update(AuditRow, { id: In(ids) }, NOWHERE));
      changed += ids.length;
      if (ids.length === ROWS_A_STATEMENT) continue;
      await this.database.write((manager) =>
        manager.update(AuditRow, { subjectId: userId, type: DELETED }, { identifier: null }),
      );
      return changed;
    }
    return changed;
  }

  /** What deletions have left, under the key that made the digest: `batches` altogether. */
  async finish(batches: number, signal: AbortSignal): Promise<number> {
    const markers = await this.database.read((manager) =>
      manager.find(AuditRow, { where: { type: DELETED, identifier: Not(IsNull()) }, take: MARKERS_A_RUN }),
    );
    let left = batches;
    let changed = 0;
    for (const { subjectId, identifier, at } of markers) {
      if (left <= 0 || subjectId === null || identifier === null) continue;
      const rows = await this.erase({ userId: subjectId, digests: [identifier], until: at }, left, signal);
      changed += rows;
      left -= Math.ceil((rows + 1) / ROWS_A_STATEMENT);
    }
    return changed;
  }
}
