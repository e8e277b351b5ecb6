import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../../common/clock.js';
import { uuidv7 } from '../../../common/random.js';
import { isRowId } from '../../../common/row-id.js';
import { Database } from '../../../database/database.js';
import { ensureLock, holdLock } from '../../../database/row-lock.js';
import { AuthError } from '../../../errors/auth-error.js';
import { EventRecorder } from '../../../events/event-recorder.js';
import { AddressGate } from '../../../ip-rules/address-gate.js';
import { canonicalNetwork } from '../../../ip-rules/canonical-network.js';
import { IpRule, type IpRuleAction } from '../../../ip-rules/ip-rule.entity.js';
import { isSound, RuleSet } from '../../../ip-rules/rule-set.js';
import { AuthSettings } from '../../../options/auth-settings.js';
import type { EndedBy } from '../../../sessions/sessions.service.js';
import { ipRuleView, type IpRulePage, type IpRuleView } from './ip-rule-view.js';

export interface NewIpRule {
  /** An IPv4 or IPv6 address, or a network such as `192.0.2.0/24`. */
  readonly network: string;
  /** `block` beats `allow`. */
  readonly action: IpRuleAction;
  /** What it is for. At most 200 characters. */
  readonly note?: string | undefined;
  /** From then on it does not count. Default: it stays until it is removed. */
  readonly expiresAt?: Date | undefined;
}

export interface IpRuleListOptions {
  /** At most 100. Default 50. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Every change holds it: what a change leads to is judged by all rules together. */
const LOCK = 'ip-rules';
/** Each request of an application with rules is compared with all of them. */
const MOST_RULES = 1_000;

type Refused = { readonly refused: 'exists' | 'full' | 'self' | 'unknown' };

/**
 * Rules for the addresses of clients. A change is in force in this process when it returns, and in others 5 s later. One
 * that would keep out the address that it comes from is refused, so that nobody is shut out by a mistake.
 */
@Injectable()
export class IpRules {
  constructor(
    private readonly database: Database,
    private readonly events: EventRecorder,
    private readonly gate: AddressGate,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Newest first, those that are over among them for a week. */
  async list({ limit = 50, cursor }: IpRuleListOptions = {}): Promise<IpRulePage> {
    const size = Math.min(Math.max(limit, 1), 100);
    const rules = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(IpRule, 'r')
        .orderBy('r.id', 'DESC')
        .take(size + 1);
      if (cursor !== undefined) query.where('r.id < :cursor', { cursor });
      return query.getMany();
    });
    const items = rules.slice(0, size).map(ipRuleView);
    return { items, nextCursor: rules.length > size ? (items.at(-1)?.id ?? null) : null };
  }

  /**
   * Throws `VALIDATION_FAILED` (400) for what is no network, an end that is past, and a rule that would keep out
   * `by.client`; `ALREADY_EXISTS` (409) for a network that has this rule; `LIMIT_REACHED` (409) with 1,000 rules.
   */
  async add(rule: NewIpRule, by: EndedBy = {}): Promise<IpRuleView> {
    const row = this.rowOf(rule);
    await ensureLock(this.database, LOCK);
    const refused = await this.database.write((manager) => this.insert(manager, row, by));
    if (refused !== undefined) throw this.refusal(refused, 'network');
    await this.gate.renew();
    return ipRuleView(row);
  }

  /**
   * Throws `NOT_FOUND` (404); `VALIDATION_FAILED` (400) when `by.client` is let in by this rule alone.
   */
  async remove(id: string, by: EndedBy = {}): Promise<void> {
    if (!isRowId(id)) throw new AuthError('NOT_FOUND');
    await ensureLock(this.database, LOCK);
    const refused = await this.database.write((manager) => this.delete(manager, id, by));
    if (refused !== undefined) throw this.refusal(refused, 'id');
    await this.gate.renew();
  }

  private rowOf({ network, action, note = '', expiresAt }: NewIpRule): IpRule {
    const canonical = canonicalNetwork(network);
    if (canonical === undefined) {
      throw invalid('network', 'network', 'This is no IP address, and no network such as 192.0.2.0/24.');
    }
    const now = this.clock.now();
    const endsAt = expiresAt?.getTime() ?? null;
    // Not a number, too, is not later than now.
    if (endsAt !== null && !(endsAt > now)) throw invalid('expiresAt', 'future', 'This is not in the future.');
    const row = { id: uuidv7(now), network: canonical, action, note: note || null, createdAt: now, expiresAt: endsAt };
    return Object.assign(new IpRule(), row);
  }

  private async insert(manager: EntityManager, row: IpRule, by: EndedBy): Promise<Refused | undefined> {
    await holdLock(manager, LOCK);
    const all = await manager.find(IpRule);
    const over = all.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= row.createdAt);
    const valid = all.filter((rule) => !over.includes(rule));
    if (valid.some(({ network, action }) => network === row.network && action === row.action)) {
      return { refused: 'exists' };
    }
    if (valid.length >= MOST_RULES) return { refused: 'full' };
    if (this.keepsOut([...valid, row], by)) return { refused: 'self' };
    const [replaced] = over.filter(({ network, action }) => network === row.network && action === row.action);
    if (replaced !== undefined) await manager.delete(IpRule, { id: replaced.id });
    await manager.insert(IpRule, { ...row });
    const { network, action, expiresAt } = row;
    const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
    await this.events.record(manager, { ...by, type: 'ip_rule.added', details: { network, action, until } });
    return undefined;
  }

  private async delete(manager: EntityManager, id: string, by: EndedBy): Promise<Refused | undefined> {
    await holdLock(manager, LOCK);
    const all = await manager.find(IpRule);
    const rule = all.find((each) => each.id === id);
    if (rule === undefined) return { refused: 'unknown' };
    const rest = all.filter((each) => each !== rule);
    if (this.keepsOut(rest, by)) return { refused: 'self' };
    await manager.delete(IpRule, { id });
    const { network, action } = rule;
    await this.events.record(manager, { ...by, type: 'ip_rule.removed', details: { network, action } });
    return undefined;
  }

  private keepsOut(rules: readonly IpRule[], { client }: EndedBy): boolean {
    if (client === undefined) return false;
    return new RuleSet(rules.filter(isSound), this.settings.ipRules.mode).refuses(client.address, this.clock.now());
  }

  private refusal({ refused }: Refused, field: string): AuthError {
    if (refused === 'unknown') return new AuthError('NOT_FOUND');
    if (refused === 'full') return new AuthError('LIMIT_REACHED');
    if (refused === 'exists') return new AuthError('ALREADY_EXISTS', { message: 'There is such a rule already.' });
    return invalid(field, 'ownAddress', 'After this the address that you are calling from would be kept out.');
  }
}

function invalid(field: string, rule: string, message: string): AuthError {
  return new AuthError('VALIDATION_FAILED', { details: [{ field, rule, message }] });
}
