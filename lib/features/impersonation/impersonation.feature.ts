import { defineFeature } from '../define-feature.js';

export const impersonation = defineFeature({ name: 'impersonation' });
