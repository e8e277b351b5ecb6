import { defineFeature } from '../../define-feature.js';

export const roles = defineFeature({ name: 'administration/roles' });
