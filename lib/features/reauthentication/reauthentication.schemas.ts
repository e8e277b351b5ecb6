import * as v from 'valibot';

/** For API docs: which fields go together is up to the proof. */
export const reauthenticationSchema = v.object({
  password: v.optional(v.string()),
  code: v.optional(v.string()),
  recoveryCode: v.optional(v.string()),
  passkey: v.optional(v.object({})),
  emailCode: v.optional(v.string()),
  challenge: v.optional(v.string()),
  deviceToken: v.optional(v.string()),
});
