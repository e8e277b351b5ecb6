import * as v from 'valibot';
import { remarkSchema } from '../../http/remark.schema.js';

const LONGEST_REASON = 500;
const LONGEST_MINUTES = 24 * 60;

export const impersonationSchema = v.strictObject({
  reason: remarkSchema(LONGEST_REASON),
  minutes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_MINUTES))),
  deliver: v.optional(v.picklist(['cookie', 'tokens'])),
});

export type ImpersonationInput = v.InferOutput<typeof impersonationSchema>;
