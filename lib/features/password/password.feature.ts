import { defineFeature } from '../define-feature.js';

export const password = defineFeature({ name: 'password' });
