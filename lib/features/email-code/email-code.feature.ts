import { defineFeature } from '../define-feature.js';

export const emailCode = defineFeature({ name: 'email-code' });
