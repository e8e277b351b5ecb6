import * as v from 'valibot';
import { SECOND_MS } from '../../common/duration.js';
import { isKeyName, LIFE_MS, NAME_RULE } from './api-key-limits.js';

const MAX_SCOPES = 100;
const ISO_MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

const name = v.pipe(v.string(), v.trim(), v.check(isKeyName, NAME_RULE));

const scopes = v.pipe(v.array(v.pipe(v.string(), v.maxLength(200))), v.maxLength(MAX_SCOPES));

export const newKeySchema = v.pipe(
  v.strictObject({
    name,
    scopes: v.optional(scopes),
    /** Seconds. */
    expiresIn: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(LIFE_MS.least / SECOND_MS), v.maxValue(LIFE_MS.most / SECOND_MS)),
    ),
    expiresAt: v.optional(
      v.pipe(
        v.string(),
        v.check((text) => ISO_MOMENT.test(text) && !Number.isNaN(Date.parse(text)), 'This is no moment in ISO 8601.'),
        v.transform((text) => new Date(text)),
      ),
    ),
  }),
  v.forward(
    v.check(({ expiresIn, expiresAt }) => expiresIn === undefined || expiresAt === undefined, 'Give one of the two.'),
    ['expiresIn'],
  ),
);

export const keyChangesSchema = v.strictObject({
  name: v.optional(name),
  scopes: v.optional(scopes),
  paused: v.optional(v.boolean()),
});

export type NewKeyInput = v.InferOutput<typeof newKeySchema>;
export type KeyChangesInput = v.InferOutput<typeof keyChangesSchema>;
