import { defineFeature } from '../define-feature.js';

export const oauth = defineFeature({ name: 'oauth' });
