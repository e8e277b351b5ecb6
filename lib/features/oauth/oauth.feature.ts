import { defineFeature } from '../define-feature.js';
import { Identities, tokensPlace } from './identities.service.js';
import { FederatedFreshness } from './federated-freshness.service.js';
import { IdentitiesController } from './identities.controller.js';
import { IdentityAccounts } from './identity-accounts.service.js';
import { Identity } from './identity.entity.js';
import { IdentityLinks } from './identity-links.service.js';
import { NativeSignIn } from './native-sign-in.service.js';
import { OAuthCallback } from './oauth-callback.service.js';
import { OAuthFailures } from './oauth-failures.service.js';
import { OAuthFlows } from './oauth-flows.service.js';
import { OAuthReauthentication } from './oauth-reauthentication.service.js';
import { OAuthSignIn } from './oauth-sign-in.service.js';
import { OAuthStart } from './oauth-start.service.js';
import { OAuthChecks } from './oauth.checks.js';
import { OAuthController } from './oauth.controller.js';
import { openidClientProvider } from './openid-client.provider.js';
import { ProviderExchange } from './provider-exchange.service.js';
import { RedirectUris } from './redirect-uris.service.js';
import { ReturnTargets } from './return-targets.service.js';

export const oauth = defineFeature({
  name: 'oauth',
  controllers: [OAuthController, IdentitiesController],
  providers: [
    openidClientProvider,
    ProviderExchange,
    RedirectUris,
    ReturnTargets,
    OAuthFlows,
    OAuthFailures,
    Identities,
    IdentityAccounts,
    IdentityLinks,
    FederatedFreshness,
    OAuthSignIn,
    NativeSignIn,
    OAuthReauthentication,
    OAuthStart,
    OAuthCallback,
  ],
  exports: [Identities],
  checks: [OAuthChecks],
  entities: [Identity],
  credentials: [{ entity: Identity, signsIn: true }],
  sealed: [{ entity: Identity, column: 'tokens', place: tokensPlace }],
});
