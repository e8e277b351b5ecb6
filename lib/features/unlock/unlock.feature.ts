import { defineFeature } from '../define-feature.js';

export const unlock = defineFeature({ name: 'unlock' });
