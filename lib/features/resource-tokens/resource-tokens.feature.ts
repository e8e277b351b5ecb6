import { ResourceTokenReader } from '../../access/resource-token-reader.js';
import { defineFeature } from '../define-feature.js';
import { ResourceTokenAuthenticator } from './resource-token-authenticator.service.js';

export const resourceTokens = defineFeature({
  name: 'resource-tokens',
  providers: [{ provide: ResourceTokenReader, useClass: ResourceTokenAuthenticator }],
});
