import { verify } from 'node:crypto';
import { Strategy } from 'passport';
import { jsonObject } from './jws.js';
import type { TokenRequest } from './token-request.js';

/** The part of passport-jwt that its JWT library lacks: EdDSA over Ed25519 (RFC 8037 §3.1). */
export class EdDsaStrategy extends Strategy {
  override authenticate(request: object): void {
    const { jws, key } = request as TokenRequest;
    const good = verify(null, Buffer.from(jws.signingInput, 'ascii'), key.verifyKey, jws.signature);
    const claims = good ? jsonObject(jws.payload) : undefined;
    if (claims === undefined) this.fail(401);
    else this.success(claims);
  }
}
