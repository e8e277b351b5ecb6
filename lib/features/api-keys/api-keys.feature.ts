import { ApiKeyReader } from '../../access/api-key-reader.js';
import { defineFeature } from '../define-feature.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.service.js';

export const apiKeys = defineFeature({
  name: 'api-keys',
  providers: [{ provide: ApiKeyReader, useClass: ApiKeyAuthenticator }],
});
