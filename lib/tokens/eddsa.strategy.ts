import { verify } from 'node:crypto';
import { Strategy } from 'passport';
import type { TokenRequest } from './token-request.js';

/** The part of passport-jwt that its JWT library lacks: EdDSA over Ed25519 (RFC 8037 §3.1). */
export class EdDsaStrategy extends Strategy {
  override authenticate(request: object): void {
    const { jws, key } = request as TokenRequest;
    if (verify(null, Buffer.from(jws.signingInput, 'ascii'), key.verifyKey, jws.signature)) this.success(jws);
    else this.fail(401);
  }
}
