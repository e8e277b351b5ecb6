import { defineFeature } from '../../define-feature.js';

export const users = defineFeature({ name: 'administration/users' });
