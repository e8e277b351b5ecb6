import { defineFeature } from '../define-feature.js';
import { MagicLinkRequests } from './magic-link-requests.service.js';
import { MagicLinkSignIn } from './magic-link-sign-in.service.js';
import { MagicLinkComposer } from './magic-link.composer.js';
import { MagicLinkController } from './magic-link.controller.js';

export const magicLink = defineFeature({
  name: 'magic-link',
  controllers: [MagicLinkController],
  providers: [MagicLinkRequests, MagicLinkSignIn],
  mails: [MagicLinkComposer],
});
