import * as v from 'valibot';

/** What every factor is sent with. */
export const COMMON_FIELDS = {
  challenge: v.string(),
  deliver: v.optional(v.picklist(['cookie', 'tokens'])),
  deviceToken: v.optional(v.string()),
} as const;

/** For API docs: exactly one of the factors is expected. */
export const secondFactorSchema = v.object({
  ...COMMON_FIELDS,
  code: v.optional(v.string()),
  recoveryCode: v.optional(v.string()),
  passkey: v.optional(v.object({})),
});
