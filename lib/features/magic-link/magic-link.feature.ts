import { defineFeature } from '../define-feature.js';

export const magicLink = defineFeature({ name: 'magic-link' });
