import { Injectable } from '@nestjs/common';
import { RequestIdentity } from '../attempts/request-identity.js';
import { callSiteOfRequest } from './call-site.js';
import { verdictOf } from './call-state.js';
import type { AuthRequest } from './credential-source.js';

/** Counts the rate limits of a request that the guard has let through with a principal by its login session. */
@Injectable()
export class PrincipalIdentity extends RequestIdentity {
  override sessionKey(request: object): string | undefined {
    return verdictOf(callSiteOfRequest(request as AuthRequest))?.principal?.sessionId;
  }
}
