import * as v from 'valibot';
import { SIGN_IN_FIELDS } from '../../mailed-codes/mailed-sign-in.schema.js';

const MAX_ENCODED = 65_536;
const MAX_TRANSPORTS = 10;
/** WebAuthn Level 3 §5.8.4; `cable` is the old name of `hybrid`. */
const TRANSPORTS: readonly string[] = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

const encoded = (longest: number) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(longest), v.regex(/^[\w-]+$/, 'This is not base64url.'));

const credentialId = encoded(1_364);
const data = encoded(MAX_ENCODED);

/** Browsers add fields as WebAuthn grows: what is not named here is left out, and not refused. */
const CREDENTIAL = { id: credentialId, rawId: credentialId, type: v.literal('public-key') } as const;

/** `RegistrationResponseJSON` of WebAuthn Level 3 §5.1. */
const attestationSchema = v.object({
  ...CREDENTIAL,
  response: v.object({
    clientDataJSON: data,
    attestationObject: data,
    transports: v.pipe(
      v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_TRANSPORTS)), []),
      v.transform((given) => given.filter((each) => TRANSPORTS.includes(each))),
    ),
  }),
});

/** `AuthenticationResponseJSON` of WebAuthn Level 3 §5.1. */
export const assertionSchema = v.object({
  ...CREDENTIAL,
  response: v.object({
    clientDataJSON: data,
    authenticatorData: data,
    signature: data,
    userHandle: v.nullish(v.pipe(v.string(), v.maxLength(128))),
  }),
});

const nameSchema = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(80),
  v.check((name) => !/\p{C}/u.test(name), 'This has characters that cannot be shown.'),
);

export const registrationSchema = v.strictObject({ passkey: attestationSchema, name: v.optional(nameSchema) });

export const renamingSchema = v.strictObject({ name: nameSchema });

export const requestOptionsSchema = v.strictObject({
  /** Of a sign-in that waits for its second factor. */
  challenge: v.optional(v.string()),
  /** Default: that of the sign-in that waits; else `cookie`. */
  deliver: v.optional(v.picklist(['cookie', 'tokens'])),
  /** For `POST /reauthenticate` of whoever is signed in. */
  reauthenticate: v.optional(v.boolean(), false),
});

export const passkeySignInSchema = v.strictObject({ passkey: assertionSchema, ...SIGN_IN_FIELDS });

export type AttestationInput = v.InferOutput<typeof attestationSchema>;
export type AssertionInput = v.InferOutput<typeof assertionSchema>;
export type RegistrationInput = v.InferOutput<typeof registrationSchema>;
export type RenamingInput = v.InferOutput<typeof renamingSchema>;
export type RequestOptionsInput = v.InferOutput<typeof requestOptionsSchema>;
export type PasskeySignInInput = v.InferOutput<typeof passkeySignInSchema>;
