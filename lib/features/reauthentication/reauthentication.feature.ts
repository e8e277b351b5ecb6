import { defineFeature } from '../define-feature.js';

export const reauthentication = defineFeature({ name: 'reauthentication' });
