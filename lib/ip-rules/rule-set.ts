import { networkMatcher } from '../common/client-address.js';
import { canonicalNetwork } from './canonical-network.js';
import type { IpRule } from './ip-rule.entity.js';

export type IpRuleMode = 'blocklist' | 'allowlist';

/** As much of a rule as decides. */
export type RuleOfSet = Pick<IpRule, 'network' | 'action' | 'expiresAt'>;

interface Matchers {
  readonly blocks: (address: string) => boolean;
  readonly allows: (address: string) => boolean;
  /** Epoch ms at which the first of the rules in it runs out. */
  readonly until: number;
}

/** Whether a row says something that can be obeyed. Rows may have been written by hand. */
export function isSound({ network, action }: RuleOfSet): boolean {
  return canonicalNetwork(network) !== undefined && (action === 'block' || action === 'allow');
}

/** All rules together, as they decide on one address. */
export class RuleSet {
  private matchers: Matchers | undefined;

  constructor(
    private readonly rules: readonly RuleOfSet[],
    private readonly mode: IpRuleMode,
  ) {}

  /** Whether no address can be refused by it. */
  get refusesNobody(): boolean {
    return this.mode === 'blocklist' && !this.rules.some(({ action }) => action === 'block');
  }

  /** An address that is not known, such as behind a Unix socket, is in no network. */
  refuses(address: string, now: number): boolean {
    if (this.matchers === undefined || now >= this.matchers.until) this.matchers = this.compile(now);
    if (this.matchers.blocks(address)) return true;
    return this.mode === 'allowlist' && !this.matchers.allows(address);
  }

  private compile(now: number): Matchers {
    const valid = this.rules.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
    const networks = (action: RuleOfSet['action']): string[] =>
      valid.filter((rule) => rule.action === action).map(({ network }) => network);
    const ends = valid.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY);
    return {
      blocks: networkMatcher(networks('block')),
      allows: networkMatcher(networks('allow')),
      until: Math.min(Number.POSITIVE_INFINITY, ...ends),
    };
  }
}
