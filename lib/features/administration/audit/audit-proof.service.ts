import { Injectable } from '@nestjs/common';
import { In, LessThan, MoreThanOrEqual, type EntityManager } from 'typeorm';
import { Clock } from '../../../common/clock.js';
import { Database } from '../../../database/database.js';
import { AuditRow } from '../../../events/audit-row.entity.js';
import { AuthSettings } from '../../../options/auth-settings.js';
import { CHAIN_START, CHAINED_COLUMNS, linkHash } from './audit-chain.js';
import { LATE_MS, lastLink } from './audit-chain.job.js';
import { AuditLink } from './audit-link.entity.js';

/** What does not fit: an event that was changed, is missing, or came to be long after it says. */
export interface AuditChainProblem {
  readonly problem: 'altered' | 'removed' | 'added';
  /** `null` where an event was added. */
  readonly seq: number | null;
  /** `null` where its place is missing too. */
  readonly eventId: string | null;
}

/** One stretch of the chain. Keep `head` and `oldest` somewhere else: whoever can rewrite the whole table can rewrite its hashes. */
export interface AuditChainProof {
  readonly intact: boolean;
  readonly problems: readonly AuditChainProblem[];
  /** How many links were followed. */
  readonly checked: number;
  /** Where to go on; `null` at the end. */
  readonly next: number | null;
  /** `seq` of the oldest link that is kept; `null` while there is none. */
  readonly oldest: number | null;
  /** The newest link; `null` while there is none. */
  readonly head: { readonly seq: number; readonly hash: string; readonly at: Date } | null;
}

const PROBLEMS_A_STRETCH = 100;

/** Follows the chain of `audit.chain`. */
@Injectable()
export class AuditProof {
  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** @param from `seq` of the first link; default: the oldest that is kept. @param limit links at most */
  verify(from = 1, limit = 1_000): Promise<AuditChainProof> {
    return this.database.read(async (manager) => {
      const [head, oldest] = [await lastLink(manager), await oldestLink(manager)];
      const links = await manager.find(AuditLink, {
        where: { seq: MoreThanOrEqual(from) },
        order: { seq: 'ASC' },
        take: limit,
      });
      const before = from > 1 ? await linkBefore(manager, from) : null;
      const problems = [...(await this.broken(manager, links, before)), ...(await this.added(manager, links, before))];
      const end = links.at(-1)?.seq;
      return {
        intact: problems.length === 0,
        problems: problems.slice(0, PROBLEMS_A_STRETCH),
        checked: links.length,
        next: end === undefined || head === null || end >= head.seq ? null : end + 1,
        oldest: oldest?.seq ?? null,
        head: head === null ? null : { seq: head.seq, hash: head.hash, at: new Date(head.at) },
      };
    });
  }

  private async broken(
    manager: EntityManager,
    links: readonly AuditLink[],
    before: AuditLink | null,
  ): Promise<AuditChainProblem[]> {
    const [first] = links;
    if (first === undefined) return [];
    const rows = await this.rowsOf(manager, links);
    // Of the oldest link that is kept the one before it is gone with its time: it can only be believed, when it is that old.
    const isBeginning = before !== null || first.seq === 1 || this.isOver(first);
    let previous = before?.hash ?? (first.seq === 1 ? CHAIN_START : undefined);
    let expected = before === null ? (isBeginning ? first.seq : first.seq - 1) : before.seq + 1;
    let latest = before?.at ?? first.at;
    return links.flatMap((link) => {
      const gap: AuditChainProblem[] =
        link.seq === expected ? [] : [{ problem: 'removed', seq: expected, eventId: null }];
      const known = gap.length === 0 ? previous : undefined;
      const row = rows.get(link.auditId);
      // No link is laid for an event that is so much older than the one before: its time is not what it was.
      const isMoved = row === undefined && link.at <= latest - LATE_MS;
      const problem = isMoved ? 'removed' : this.problemOf(link, row, known);
      previous = link.hash;
      latest = link.at;
      expected = link.seq + 1;
      return problem === undefined ? gap : [...gap, { problem, seq: link.seq, eventId: link.auditId }];
    });
  }

  private problemOf(
    { seq, at, hash }: AuditLink,
    row: AuditRow | undefined,
    previous: string | undefined,
  ): AuditChainProblem['problem'] | undefined {
    if (row === undefined) return this.isOver({ at }) ? undefined : 'removed';
    if (row.at !== at) return 'altered';
    return previous === undefined || linkHash(previous, seq, row) === hash ? undefined : 'altered';
  }

  private isOver({ at }: Pick<AuditLink, 'at'>): boolean {
    return at < this.clock.now() - this.settings.audit.retentionMs;
  }

  /** Events that say they are older than what has been linked long ago. */
  private async added(
    manager: EntityManager,
    links: readonly AuditLink[],
    before: AuditLink | null,
  ): Promise<AuditChainProblem[]> {
    const [first, last] = [links[0], links.at(-1)];
    if (first === undefined || last === undefined) return [];
    const rows = await manager
      .createQueryBuilder(AuditRow, 'r')
      .select('r.id', 'id')
      .leftJoin(AuditLink, 'l', 'l.auditId = r.id')
      .where('r.at >= :first AND r.at <= :last AND r.at < :late AND l.seq IS NULL', {
        first: before?.at ?? (first.seq === 1 ? 0 : first.at),
        last: last.at,
        late: this.clock.now() - 2 * LATE_MS,
      })
      .limit(PROBLEMS_A_STRETCH)
      .getRawMany<{ id: string }>();
    return rows.map(({ id }) => ({ problem: 'added', seq: null, eventId: id }));
  }

  private async rowsOf(manager: EntityManager, links: readonly AuditLink[]): Promise<Map<string, AuditRow>> {
    const rows = await manager.find(AuditRow, {
      select: Object.fromEntries(CHAINED_COLUMNS.map((name) => [name, true])),
      where: { id: In(links.map(({ auditId }) => auditId)) },
    });
    return new Map(rows.map((row) => [row.id, row]));
  }
}

function oldestLink(manager: EntityManager): Promise<AuditLink | null> {
  return manager.findOne(AuditLink, { where: {}, order: { seq: 'ASC' } });
}

/** The newest one before: whatever is missing between it and the stretch is missed. */
function linkBefore(manager: EntityManager, seq: number): Promise<AuditLink | null> {
  return manager.findOne(AuditLink, { where: { seq: LessThan(seq) }, order: { seq: 'DESC' } });
}
