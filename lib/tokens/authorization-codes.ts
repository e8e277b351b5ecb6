import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { constantTimeEqual } from '../common/constant-time.js';
import { MINUTE_MS } from '../common/duration.js';
import { randomToken } from '../common/random.js';
import { AuthError } from '../errors/auth-error.js';
import type { ProvenBefore } from '../sessions/session-opener.js';
import { StateStore } from '../store/state-store.js';

/** Whom a code signs in, and what proved it. */
export interface CodeGrant extends ProvenBefore {
  readonly userId: string;
  /** The account's epoch when the code was made: what ends every session ends the code. */
  readonly epoch: number;
  /** Scopes asked for, separated by spaces; none for empty text. Default: all that may be granted. */
  readonly scope?: string | undefined;
  /** What the browser is known to the account by. `undefined`, and no session that hands it on: the owner is told. */
  readonly knownDevice?: string | undefined;
}

/** The session that a code has begun. */
export interface SpentCode {
  readonly userId: string;
  readonly sid: string;
}

const LIFE_MS = MINUTE_MS;
/** For how long a second use of a code ends what the first began. */
const REMEMBERED_MS = 10 * MINUTE_MS;
const CODE_BYTES = 32;
const UNDER_WAY = 'under-way';
const REPLAYED = 'replayed';
/** Base64url of SHA-256 (RFC 7636 §4.2); `plain` is not offered (RFC 9700 §2.1.1). */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/** Authorization codes with PKCE (RFC 6749 §4.1.2, RFC 7636): 256 random bits, one minute, one use. */
@Injectable()
export class AuthorizationCodes {
  constructor(private readonly store: StateStore) {}

  /** Throws `VALIDATION_FAILED` (400) for a challenge that is not S256. */
  async issue(grant: CodeGrant, codeChallenge: string): Promise<string> {
    if (!CHALLENGE.test(codeChallenge)) {
      const message = 'This is no S256 code challenge.';
      throw new AuthError('VALIDATION_FAILED', { details: [{ field: 'code_challenge', rule: 'format', message }] });
    }
    const code = randomToken(CODE_BYTES);
    // Before it can be taken: a second use that comes at the moment of the first finds it.
    await this.store.set(spentKey(code), UNDER_WAY, LIFE_MS + REMEMBERED_MS);
    await this.store.set(liveKey(code), JSON.stringify({ grant, codeChallenge }), LIFE_MS);
    return code;
  }

  /** Takes the code: of any number of callers one receives it, and a wrong verifier spends it as well. */
  async take(code: string, verifier: string): Promise<CodeGrant | undefined> {
    const stored = await this.store.take(liveKey(code));
    if (stored === null) return undefined;
    const { grant, codeChallenge } = JSON.parse(stored) as { grant: CodeGrant; codeChallenge: string };
    return VERIFIER.test(verifier) && constantTimeEqual(sha256(verifier), codeChallenge) ? grant : undefined;
  }

  /** Notes the session that a code began. `false` when the code has come a second time meanwhile. */
  noteSpent(code: string, { userId, sid }: SpentCode): Promise<boolean> {
    return this.store.compareAndSet(spentKey(code), UNDER_WAY, JSON.stringify({ userId, sid }), REMEMBERED_MS);
  }

  /** Notes that a code has come again, and answers the session that it began, if it has by now. */
  async replayed(code: string): Promise<SpentCode | undefined> {
    const key = spentKey(code);
    if (await this.store.compareAndSet(key, UNDER_WAY, REPLAYED, REMEMBERED_MS)) return undefined;
    const noted = await this.store.get(key);
    return noted === null || noted === REPLAYED ? undefined : (JSON.parse(noted) as SpentCode);
  }
}

function liveKey(code: string): string {
  return `gh:code:${sha256(code)}`;
}

function spentKey(code: string): string {
  return `gh:code-spent:${sha256(code)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}
