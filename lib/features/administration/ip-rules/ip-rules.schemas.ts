import * as v from 'valibot';
import { remarkSchema } from '../../../http/remark.schema.js';

/** An IPv6 network in its longest spelling, with an IPv4 ending. */
const LONGEST_NETWORK = 49;
const LONGEST_NOTE = 200;

export const ipRuleSchema = v.strictObject({
  network: v.pipe(v.string(), v.maxLength(LONGEST_NETWORK)),
  action: v.picklist(['block', 'allow']),
  note: v.optional(remarkSchema(LONGEST_NOTE)),
  expiresAt: v.optional(
    v.pipe(
      v.string(),
      v.isoTimestamp(),
      v.transform((text) => new Date(text)),
    ),
  ),
});

export type IpRuleInput = v.InferOutput<typeof ipRuleSchema>;
