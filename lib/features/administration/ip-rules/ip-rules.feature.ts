import { defineFeature } from '../../define-feature.js';

export const ipRules = defineFeature({ name: 'administration/ip-rules' });
