import { defineFeature } from '../define-feature.js';

export const email = defineFeature({ name: 'email' });
