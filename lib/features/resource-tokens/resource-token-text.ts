import { Injectable } from '@nestjs/common';
import { Keyring } from '../../keys/keyring.js';

/** What a token of a link says. The path is not in it: it is what the signature is compared with. */
export interface ResourceClaims {
  readonly userId: string;
  readonly sid: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

const AUDIENCE = 'resource';
const TOKEN = /^([\w-]{1,400})\.([\w-]{8}\.[\w-]{43})$/;

/** `claims.kid.MAC`, signed for one path with a key that signs nothing else. */
@Injectable()
export class ResourceTokenText {
  constructor(private readonly keyring: Keyring) {}

  sign({ userId, sid, expiresAt }: ResourceClaims, path: string): string {
    const claims = JSON.stringify({ aud: AUDIENCE, sub: userId, sid, exp: expiresAt });
    const body = Buffer.from(claims, 'utf8').toString('base64url');
    return `${body}.${this.keyring.sign('resource-token', signed(body, path))}`;
  }

  /** The claims of a token that was signed for this very path; `undefined` for any other. Says nothing of its time. */
  verify(token: string, path: string): ResourceClaims | undefined {
    const [, body, signature] = TOKEN.exec(token) ?? [];
    if (body === undefined || signature === undefined) return undefined;
    if (!this.keyring.verify('resource-token', signature, signed(body, path))) return undefined;
    const { aud, sub, sid, exp } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as SignedClaims;
    return aud === AUDIENCE ? { userId: sub, sid, expiresAt: exp } : undefined;
  }
}

interface SignedClaims {
  readonly aud: string;
  readonly sub: string;
  readonly sid: string;
  readonly exp: number;
}

/** A path has no space. */
function signed(body: string, path: string): string {
  return `${body} ${path}`;
}
