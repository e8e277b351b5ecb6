import { defineFeature } from '../define-feature.js';
import { UnlockComposer } from './unlock.composer.js';
import { UnlockController } from './unlock.controller.js';
import { Unlock } from './unlock.service.js';

export const unlock = defineFeature({
  name: 'unlock',
  controllers: [UnlockController],
  providers: [Unlock],
  mails: [UnlockComposer],
});
