import * as v from 'valibot';
import { mailAddressSchema, SIGN_IN_FIELDS } from '../../mailed-codes/mailed-sign-in.schema.js';

export const linkRequestSchema = v.strictObject({ email: mailAddressSchema });

export const linkPreviewSchema = v.strictObject({ token: v.string() });

export const linkSignInSchema = v.strictObject({ token: v.string(), ...SIGN_IN_FIELDS });

export type LinkRequestInput = v.InferOutput<typeof linkRequestSchema>;
export type LinkPreviewInput = v.InferOutput<typeof linkPreviewSchema>;
export type LinkSignInInput = v.InferOutput<typeof linkSignInSchema>;
