import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/duration.js';
import { inTime } from '../common/in-time.js';
import { Database } from '../database/database.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { IpRule } from './ip-rule.entity.js';
import { isSound, RuleSet } from './rule-set.js';

/** So long a rule that another process has written may go unseen here. */
const READ_EVERY_MS = 5 * SECOND_MS;
const RETRY_AFTER_MS = SECOND_MS;
/** Longer than this no request waits for rules while there are older ones to go by. */
const WAIT_MS = 300;

/**
 * Decides on the addresses of clients by the rules as this process last read them. They are read anew by the first request
 * that finds them 5 s old; while the database is away the last ones stay in force.
 */
@Injectable()
export class AddressGate implements OnApplicationBootstrap {
  private readonly logger = new Logger('Gatehouse');
  private readonly told = new Set<string>();
  private rules: RuleSet | undefined;
  private dueAt = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;
  /** Counts what makes rules outdated that are being read at this moment. */
  private turn = 0;
  /** Whether somebody has already waited in vain for the reading that is under way. */
  private isSlow = false;

  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** The first request need not wait for them then. */
  async onApplicationBootstrap(): Promise<void> {
    await this.read();
  }

  /** Whether every address is let in, as far as is known at this moment: the usual case, which asks nobody. */
  isOpen(): boolean {
    return this.rules?.refusesNobody === true && this.clock.now() < this.dueAt;
  }

  /**
   * Whether requests from the address are answered.
   *
   * @throws AuthError `STORE_UNAVAILABLE` (503) when rules have never been read
   */
  async admits(address: string): Promise<boolean> {
    if (this.clock.now() >= this.dueAt) await this.wait();
    if (this.rules === undefined) throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS });
    return !this.rules.refuses(address, this.clock.now());
  }

  /** After a change of rules by this process: they are in force when this returns. */
  async renew(): Promise<void> {
    this.turn += 1;
    await this.read();
  }

  private async wait(): Promise<void> {
    const read = this.reading ?? this.read();
    if (this.rules === undefined) return read;
    if (this.isSlow) return;
    const inVain = await inTime(
      read.then(() => false),
      WAIT_MS,
      () => true,
    );
    this.isSlow = inVain && this.reading !== undefined;
  }

  /** One reading at a time. Never fails: what is known stays in force. */
  private read(): Promise<void> {
    return (this.reading ??= this.readOnce().finally(() => {
      this.reading = undefined;
      this.isSlow = false;
    }));
  }

  private async readOnce(): Promise<void> {
    try {
      let turn: number;
      do {
        turn = this.turn;
        const begun = this.clock.now();
        const rows = await this.database.read((manager) => manager.find(IpRule));
        this.rules = new RuleSet(this.sound(rows), this.settings.ipRules.mode);
        this.dueAt = begun + READ_EVERY_MS;
      } while (turn !== this.turn);
    } catch {
      this.dueAt = this.clock.now() + RETRY_AFTER_MS;
      this.logger.warn(
        this.rules === undefined
          ? 'Address rules cannot be read: no request is answered until they are'
          : 'Address rules cannot be read: the last known ones stay in force',
      );
    }
  }

  private sound(rows: readonly IpRule[]): readonly IpRule[] {
    return rows.filter((row) => isSound(row) || this.tell(row));
  }

  private tell({ id }: IpRule): false {
    if (!this.told.has(id)) this.logger.warn(`An address rule cannot be read and is ignored: ${id.replace(/\W/g, '')}`);
    this.told.add(id);
    return false;
  }
}
