import { defineFeature } from '../define-feature.js';
import { NoticeComposer } from './notice.composer.js';

export const notices = defineFeature({ name: 'notices', mails: [NoticeComposer] });
