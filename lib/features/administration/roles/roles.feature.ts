import { defineFeature } from '../../define-feature.js';
import { RolesController } from './roles.controller.js';

export const roles = defineFeature({ name: 'administration/roles', controllers: [RolesController] });
