import type { IpRule, IpRuleAction } from '../../../ip-rules/ip-rule.entity.js';

/** One line of `GET /admin/ip-rules`. Times are ISO 8601 once serialised. */
export interface IpRuleView {
  readonly id: string;
  /** An address, or a network such as `192.0.2.0/24`. */
  readonly network: string;
  readonly action: IpRuleAction;
  readonly note: string | null;
  readonly createdAt: Date;
  /** From then on the rule does not count. `null`: never. */
  readonly expiresAt: Date | null;
}

export interface IpRulePage {
  readonly items: readonly IpRuleView[];
  readonly nextCursor: string | null;
}

export function ipRuleView({ id, network, action, note, createdAt, expiresAt }: IpRule): IpRuleView {
  const ends = expiresAt === null ? null : new Date(expiresAt);
  return { id, network, action, note, createdAt: new Date(createdAt), expiresAt: ends };
}
