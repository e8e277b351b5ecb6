import { defineFeature } from '../define-feature.js';
import { ImpersonationController } from './impersonation.controller.js';
import { ImpersonationDelivery } from './impersonation-delivery.service.js';
import { ImpersonationEnd } from './impersonation-end.service.js';
import { Impersonation } from './impersonation.service.js';

export const impersonation = defineFeature({
  name: 'impersonation',
  controllers: [ImpersonationController],
  providers: [Impersonation, ImpersonationDelivery, ImpersonationEnd],
});
