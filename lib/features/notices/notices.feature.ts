import { defineFeature } from '../define-feature.js';

export const notices = defineFeature({ name: 'notices' });
