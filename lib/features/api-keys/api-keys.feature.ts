import { ApiKeyReader } from '../../access/api-key-reader.js';
import { DAY_MS } from '../../common/duration.js';
import { defineFeature } from '../define-feature.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.service.js';
import { ApiKeyLoader } from './api-key-loader.service.js';
import { ApiKeyRefusals } from './api-key-refusals.service.js';
import { ApiKeyRows } from './api-key-rows.service.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeyChecks } from './api-keys.checks.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeys } from './api-keys.service.js';

export const apiKeys = defineFeature({
  name: 'api-keys',
  controllers: [ApiKeysController],
  providers: [
    ApiKeyLoader,
    ApiKeyRefusals,
    ApiKeyRows,
    ApiKeys,
    { provide: ApiKeyReader, useClass: ApiKeyAuthenticator },
  ],
  exports: [ApiKeys],
  entities: [ApiKey],
  credentials: [{ entity: ApiKey, signsIn: false, endsAt: 'endsAt' }],
  checks: [ApiKeyChecks],
  remains: [{ entity: ApiKey, key: 'id', over: 'r.endsAt < :before', keptMs: 30 * DAY_MS }],
});
