import * as v from 'valibot';
import { isEmailAddress } from '../common/email-address.js';

/** The address that mail is asked for. */
export const mailAddressSchema = v.pipe(
  v.string(),
  v.trim(),
  v.check(isEmailAddress, 'This is not an e-mail address.'),
);

export const deliverySchema = v.optional(v.picklist(['cookie', 'tokens']), 'cookie');

/** What every sign-in takes beside its proof. */
export const SIGN_IN_FIELDS = {
  rememberMe: v.optional(v.boolean(), false),
  deliver: deliverySchema,
  scope: v.optional(v.string()),
  deviceToken: v.optional(v.string()),
} as const;
