import { defineFeature } from '../define-feature.js';

export const recoveryCodes = defineFeature({ name: 'recovery-codes' });
