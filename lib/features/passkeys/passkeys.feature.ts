import { defineFeature } from '../define-feature.js';

export const passkeys = defineFeature({ name: 'passkeys' });
