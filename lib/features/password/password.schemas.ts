import * as v from 'valibot';
import { isEmailAddress } from '../../common/email-address.js';

export const forgotSchema = v.strictObject({
  email: v.pipe(v.string(), v.check(isEmailAddress, 'This is not an e-mail address.')),
});

export const resetSchema = v.strictObject({ token: v.string(), password: v.string() });

export const changeSchema = v.strictObject({ currentPassword: v.string(), password: v.string() });

export const setSchema = v.strictObject({ password: v.string() });

export type ForgotInput = v.InferOutput<typeof forgotSchema>;
export type ResetInput = v.InferOutput<typeof resetSchema>;
export type ChangeInput = v.InferOutput<typeof changeSchema>;
export type SetInput = v.InferOutput<typeof setSchema>;
