import * as v from 'valibot';
import { AuthError } from '../../errors/auth-error.js';
import { validate } from '../../http/validate.js';
import { identifierSchema } from '../../sign-in/identifier.schema.js';

const passwordGrant = v.object({
  grant_type: v.literal('password'),
  username: identifierSchema,
  password: v.string(),
  scope: v.optional(v.string()),
  device_token: v.optional(v.string()),
});

const refreshGrant = v.object({
  grant_type: v.literal('refresh_token'),
  refresh_token: v.string(),
  scope: v.optional(v.string()),
});

const codeGrant = v.object({
  grant_type: v.literal('authorization_code'),
  code: v.string(),
  code_verifier: v.string(),
  device_token: v.optional(v.string()),
});

const GRANTS = { password: passwordGrant, refresh_token: refreshGrant, authorization_code: codeGrant } as const;

const supported = v.picklist(['password', 'refresh_token', 'authorization_code']);

// What is there twice is no text at all, and so invalid before it is unsupported (RFC 6749 §5.2).
const grantType = v.object({ grant_type: v.pipe(v.string(), supported) });

/** For API docs: which parameters go together is up to the grant. */
export const tokenSchema = v.object({
  grant_type: supported,
  username: v.optional(identifierSchema),
  password: v.optional(v.string()),
  refresh_token: v.optional(v.string()),
  code: v.optional(v.string()),
  code_verifier: v.optional(v.string()),
  scope: v.optional(v.string()),
  device_token: v.optional(v.string()),
});

export const refreshSchema = v.object({ refresh_token: v.string(), scope: v.optional(v.string()) });

export const tokenOnlySchema = v.object({ token: v.string() });

export type TokenGrant =
  v.InferOutput<typeof passwordGrant> | v.InferOutput<typeof refreshGrant> | v.InferOutput<typeof codeGrant>;

/**
 * The parameters of a token request, JSON or form. Unknown ones are ignored, empty ones count as left out, and one that is
 * there twice arrives as a list, so as no text (RFC 6749 §3.2). Throws `VALIDATION_FAILED` (400).
 */
export async function readTokenGrant(body: unknown): Promise<TokenGrant> {
  const { grant_type } = await readParameters(grantType, body);
  return readParameters<TokenGrant>(GRANTS[grant_type], body);
}

/** The same for the other endpoints. */
export async function readParameters<T>(schema: v.GenericSchema<unknown, T>, body: unknown): Promise<T> {
  const given = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const { value, problems } = await validate<T>(schema, Object.fromEntries(given.filter(([, text]) => text !== '')));
  if (problems !== undefined) throw new AuthError('VALIDATION_FAILED', { details: problems });
  return value;
}
