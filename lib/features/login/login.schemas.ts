import * as v from 'valibot';
import { identifierSchema } from '../../sign-in/identifier.schema.js';

export const loginSchema = v.strictObject({
  email: identifierSchema,
  password: v.string(),
  rememberMe: v.optional(v.boolean(), false),
  deliver: v.optional(v.picklist(['cookie', 'tokens']), 'cookie'),
  scope: v.optional(v.string()),
  deviceToken: v.optional(v.string()),
});

export type LoginInput = v.InferOutput<typeof loginSchema>;
