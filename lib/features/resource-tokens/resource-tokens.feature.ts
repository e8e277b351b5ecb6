import { ResourceTokenReader } from '../../access/resource-token-reader.js';
import { defineFeature } from '../define-feature.js';
import { ResourceTokenAuthenticator } from './resource-token-authenticator.service.js';
import { ResourceTokenText } from './resource-token-text.js';
import { ResourceTokens } from './resource-tokens.service.js';

export const resourceTokens = defineFeature({
  name: 'resource-tokens',
  providers: [
    ResourceTokenText,
    ResourceTokens,
    { provide: ResourceTokenReader, useClass: ResourceTokenAuthenticator },
  ],
  exports: [ResourceTokens],
});
