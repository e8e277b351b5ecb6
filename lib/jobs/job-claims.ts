import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import { randomToken } from '../common/random.js';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/driver-errors.js';
import { JobRow } from './job-row.entity.js';

/** Longer than any run: one that is not released belongs to a process that is gone. */
const CLAIM_MS = 5 * MINUTE_MS;

/** A run that nobody else has. */
export interface JobClaim {
  readonly name: string;
  readonly token: string;
  readonly begunAt: number;
}

/** Who of several instances runs a job. */
@Injectable()
export class JobClaims {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** `undefined` when another instance has it, or when it has run within `restMs`. */
  async claim(name: string, restMs: number): Promise<JobClaim | undefined> {
    const now = this.clock.now();
    const claim: JobClaim = { name, token: randomToken(), begunAt: now };
    const values = { claimedBy: claim.token, claimedUntil: now + CLAIM_MS };
    const { affected } = await this.database.write((manager) =>
      manager
        .createQueryBuilder()
        .update(JobRow)
        .set(values)
        .where('name = :name AND (claimedUntil IS NULL OR claimedUntil < :now)', { name, now })
        .andWhere('(lastRunAt IS NULL OR lastRunAt <= :due)', { due: now - restMs })
        .execute(),
    );
    if (affected === 1) return claim;
    return (await this.insert({ ...values, name, lastRunAt: null, lastDone: null })) ? claim : undefined;
  }

  /** `done`: how many things the run did; left out when it failed, so that it may come again at once. */
  async release({ name, token, begunAt }: JobClaim, done?: number): Promise<void> {
    const released = { claimedBy: null, claimedUntil: null };
    const values = done === undefined ? released : { ...released, lastRunAt: begunAt, lastDone: done };
    await this.database.write((manager) => manager.update(JobRow, { name, claimedBy: token }, values));
  }

  /** When the latest run that succeeded began, in epoch ms; `undefined` when there was none. */
  async lastRunAt(name: string): Promise<number | undefined> {
    const row = await this.database.read((manager) => manager.findOneBy(JobRow, { name }));
    return row?.lastRunAt ?? undefined;
  }

  /** Whether this is the first run of the job anywhere, and this caller the one who has it. */
  private async insert(row: JobRow): Promise<boolean> {
    if (await this.database.read((manager) => manager.existsBy(JobRow, { name: row.name }))) return false;
    try {
      await this.database.write((manager) => manager.insert(JobRow, row), { insertMayLose: true });
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }
}
