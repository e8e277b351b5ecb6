import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { TotpAlgorithm } from '../../options/factor-options.js';

/** As long as what the hash puts out (RFC 6238 §5.1), 160 bits at least (RFC 4226 §4). */
const SECRET_BYTES = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const satisfies Record<TotpAlgorithm, number>;
/** Steps that the clock of an authenticator may be off, either way (RFC 6238 §5.2). */
const DRIFT_STEPS = 1;

/** What codes are computed with. */
export interface TotpParameters {
  /** Base32. */
  readonly secret: string;
  readonly algorithm: TotpAlgorithm;
  readonly digits: number;
  /** Seconds. */
  readonly period: number;
}

export interface TotpLabel {
  readonly issuer: string;
  readonly account: string;
}

/** New random bits, in base32. */
export function newTotpSecret(algorithm: TotpAlgorithm): string {
  return new Secret({ buffer: Uint8Array.from(randomBytes(SECRET_BYTES[algorithm])).buffer }).base32;
}

/**
 * The time step (RFC 6238 §4.2) that a code is of, at most one before or after now; `undefined` for a wrong one. Spaces do
 * not matter, since authenticators show some.
 */
export function stepOfCode(
  typed: string,
  { period, digits, ...parameters }: TotpParameters,
  nowMs: number,
): number | undefined {
  const token = typed.replace(/\s/g, '');
  if (token.length !== digits || !/^[0-9]+$/.test(token)) return undefined;
  const drift = new TOTP({ ...parameters, digits, period }).validate({ token, timestamp: nowMs, window: DRIFT_STEPS });
  return drift === null ? undefined : TOTP.counter({ period, timestamp: nowMs }) + drift;
}

/** The `otpauth://` URI that authenticators read from the QR code. */
export function enrolmentUri(parameters: TotpParameters, { issuer, account }: TotpLabel): string {
  return new TOTP({ ...parameters, issuer, label: account }).toString();
}
