import * as v from 'valibot';
import { isEmailAddress } from '../../common/email-address.js';

export const addressSchema = v.strictObject({
  email: v.pipe(v.string(), v.check(isEmailAddress, 'This is not an e-mail address.')),
});

export const verifySchema = v.strictObject({ token: v.string(), password: v.optional(v.string()) });

export const tokenSchema = v.strictObject({ token: v.string() });

export type AddressInput = v.InferOutput<typeof addressSchema>;
export type VerifyInput = v.InferOutput<typeof verifySchema>;
export type TokenInput = v.InferOutput<typeof tokenSchema>;
