import * as v from 'valibot';
import { deliverySchema, mailAddressSchema, SIGN_IN_FIELDS } from '../../mailed-codes/mailed-sign-in.schema.js';

export const codeRequestSchema = v.strictObject({ email: mailAddressSchema, deliver: deliverySchema });

export const codeSignInSchema = v.strictObject({ challenge: v.string(), code: v.string(), ...SIGN_IN_FIELDS });

export type CodeRequestInput = v.InferOutput<typeof codeRequestSchema>;
export type CodeSignInInput = v.InferOutput<typeof codeSignInSchema>;
