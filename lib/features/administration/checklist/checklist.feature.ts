import { defineFeature } from '../../define-feature.js';
import { ChecklistController } from './checklist.controller.js';

export const checklist = defineFeature({ name: 'administration/checklist', controllers: [ChecklistController] });
