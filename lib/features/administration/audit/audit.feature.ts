import { defineFeature } from '../../define-feature.js';

export const audit = defineFeature({ name: 'administration/audit' });
