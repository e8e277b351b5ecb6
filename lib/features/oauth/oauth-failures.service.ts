import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../../common/client-address.js';
import { AuthError } from '../../errors/auth-error.js';
import type { AuthErrorCode } from '../../errors/error-codes.js';
import { EventRecorder } from '../../events/event-recorder.js';
import type { OAuthFlow } from './oauth-flow.js';
import { ProviderFailure, type OAuthFailureReason } from './provider-failure.js';
import { ReturnTargets, withQuery } from './return-targets.service.js';

/** What a page is told. Everything else is `OAUTH_FAILED`. */
const CODES: Partial<Record<OAuthFailureReason, AuthErrorCode>> = {
  cancelled: 'OAUTH_CANCELLED',
  'unverified-address': 'OAUTH_LINK_REQUIRED',
  'address-taken': 'OAUTH_LINK_REQUIRED',
  'registration-closed': 'OAUTH_LINK_REQUIRED',
  'already-linked': 'ALREADY_LINKED',
  limit: 'LIMIT_REACHED',
};

export interface FailedFlow {
  /** Its name in `oauth.providers`. */
  readonly provider: string;
  /** `undefined`: none of this browser. */
  readonly flow: OAuthFlow | undefined;
  readonly client: ClientInfo;
}

/** Where a flow ends that came to nothing: a line in the audit trail, and a code for the page. No word of the provider's. */
@Injectable()
export class OAuthFailures {
  constructor(
    private readonly events: EventRecorder,
    private readonly targets: ReturnTargets,
  ) {}

  /** Where to send the browser. Throws on what is no failure of a flow: faults of ours, and of our servers. */
  async answer(error: unknown, { provider, flow, client }: FailedFlow): Promise<string> {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (error instanceof ProviderFailure) {
      const about = { actorId: flow?.owner?.userId, sessionId: flow?.owner?.sessionId, subjectId: flow?.owner?.userId };
      const details = { provider, reason: error.reason };
      await this.events.write({ type: 'oauth.failed', outcome: 'failure', ...about, client, details });
    }
    return withQuery(flow?.returnTo ?? this.targets.page()!, 'error', code);
  }
}

function codeOf(error: unknown): AuthErrorCode | undefined {
  if (error instanceof ProviderFailure) return CODES[error.reason] ?? 'OAUTH_FAILED';
  return error instanceof AuthError && error.getStatus() === 429 ? error.code : undefined;
}
