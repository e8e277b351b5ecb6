import { defineFeature } from '../define-feature.js';

export const totp = defineFeature({ name: 'totp' });
