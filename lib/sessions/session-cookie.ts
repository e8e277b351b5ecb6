import { Injectable } from '@nestjs/common';
import { Keyring } from '../keys/keyring.js';
import { VerifiedCookies } from './verified-cookies.js';

/** What a genuine session cookie names. */
export interface SessionReference {
  readonly userId: string;
  readonly sid: string;
}

const FORM = /^([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{43})$/;

/** `kid.MAC`, at the end of every cookie. */
const SIGNATURE_LENGTH = 52;

/**
 * The value of the session cookie: `U.sid.kid.MAC`. A forged one is told by its MAC, without a look-up, and the rows of a
 * stolen database sign nobody in.
 */
@Injectable()
export class SessionCookie {
  private readonly verified = new VerifiedCookies();

  constructor(private readonly keyring: Keyring) {}

  write({ userId, sid }: SessionReference): string {
    const reference = `${Buffer.from(userId, 'utf8').toString('base64url')}.${sid}`;
    return `${reference}.${this.keyring.sign('session-cookie', reference)}`;
  }

  /** Whether a cookie that is good was signed by a key that signs no more, or not yet. */
  isOutdated(value: string): boolean {
    // The usual case, whatever the form turns out to be.
    if (this.keyring.namesCurrent('session-cookie', value.slice(-SIGNATURE_LENGTH))) return false;
    const parts = partsOf(value);
    return parts !== undefined && this.keyring.isOutdated('session-cookie', parts.signature, parts.reference);
  }

  /** `undefined` for whatever this deployment did not make, or made under a key that has retired since. */
  read(value: string): SessionReference | undefined {
    const known = this.verified.get(value);
    if (known === undefined) return this.check(value);
    if (this.keyring.namesVerifying('session-cookie', value.slice(-SIGNATURE_LENGTH))) return known;
    this.verified.drop(value);
    return undefined;
  }

  private check(value: string): SessionReference | undefined {
    const parts = partsOf(value);
    if (parts === undefined || !this.keyring.verify('session-cookie', parts.signature, parts.reference))
      return undefined;
    const reference = { userId: Buffer.from(parts.user, 'base64url').toString('utf8'), sid: parts.sid };
    this.verified.add(value, reference);
    return reference;
  }
}

interface CookieParts {
  readonly user: string;
  readonly sid: string;
  /** What the signature is over. */
  readonly reference: string;
  readonly signature: string;
}

function partsOf(value: string): CookieParts | undefined {
  const match = FORM.exec(value);
  if (match === null) return undefined;
  const [, user, sid, signature] = match as unknown as [string, string, string, string];
  return { user, sid, reference: `${user}.${sid}`, signature };
}
