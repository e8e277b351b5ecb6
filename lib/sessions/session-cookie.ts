import { Injectable } from '@nestjs/common';
import { Keyring } from '../keys/keyring.js';

/** What a genuine session cookie names. */
export interface SessionReference {
  readonly userId: string;
  readonly sid: string;
}

const FORM = /^([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{43})$/;

/**
 * The value of the session cookie: `U.sid.kid.MAC`. A forged one is told by its MAC, without a look-up, and the rows of a
 * stolen database sign nobody in.
 */
@Injectable()
export class SessionCookie {
  constructor(private readonly keyring: Keyring) {}

  write({ userId, sid }: SessionReference): string {
    const reference = `${Buffer.from(userId, 'utf8').toString('base64url')}.${sid}`;
    return `${reference}.${this.keyring.sign('session-cookie', reference)}`;
  }

  /** Whether a cookie that is good was signed by a key that signs no more, or not yet. */
  isOutdated(value: string): boolean {
    const parts = partsOf(value);
    return parts !== undefined && this.keyring.isOutdated('session-cookie', parts.signature, parts.reference);
  }

  /** `undefined` for whatever this deployment did not make. */
  read(value: string): SessionReference | undefined {
    const parts = partsOf(value);
    if (parts === undefined || !this.keyring.verify('session-cookie', parts.signature, parts.reference))
      return undefined;
    return { userId: Buffer.from(parts.user, 'base64url').toString('utf8'), sid: parts.sid };
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
