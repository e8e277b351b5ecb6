import { defineFeature } from '../define-feature.js';
import { SessionListController } from './session-list.controller.js';

export const sessionList = defineFeature({ name: 'session-list', controllers: [SessionListController] });
