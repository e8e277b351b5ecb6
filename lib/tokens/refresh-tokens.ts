import { Injectable } from '@nestjs/common';
import { Keyring } from '../keys/keyring.js';

/** What a genuine refresh token names. */
export interface RefreshReference {
  readonly userId: string;
  readonly sid: string;
  /** How many rotations came before it. */
  readonly generation: number;
}

const FORM = /^([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{22})\.(0|[1-9]\d{0,9})\.([A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{43})$/;

/**
 * The text of a refresh token: `U.sid.generation.kid.MAC`. The row of the session holds its generation alone, so the tokens
 * of a family take one row, each earlier one is recognised for what it is, and the successor can be made again for a client
 * that lost the answer.
 */
@Injectable()
export class RefreshTokens {
  constructor(private readonly keyring: Keyring) {}

  write({ userId, sid, generation }: RefreshReference): string {
    const reference = `${Buffer.from(userId, 'utf8').toString('base64url')}.${sid}.${generation}`;
    return `${reference}.${this.keyring.sign('refresh-token', reference)}`;
  }

  /** `undefined` for whatever this deployment did not make. */
  read(token: string): RefreshReference | undefined {
    const match = FORM.exec(token);
    if (match === null) return undefined;
    const [, user, sid, generation, signature] = match as unknown as [string, string, string, string, string];
    if (!this.keyring.verify('refresh-token', signature, `${user}.${sid}.${generation}`)) return undefined;
    return { userId: Buffer.from(user, 'base64url').toString('utf8'), sid, generation: Number(generation) };
  }
}
