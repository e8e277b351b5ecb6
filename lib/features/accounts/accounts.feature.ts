import { defineFeature } from '../define-feature.js';
import { AccountsController } from './accounts.controller.js';
import { Accounts } from './accounts.service.js';
import { ExtraFields } from './extra-fields.js';
import { Profile } from './profile.service.js';
import { RegistrationForm } from './registration-form.js';
import { SelfRegistration } from './self-registration.service.js';
import { UserWriter } from './user-writer.service.js';

export const accounts = defineFeature({
  name: 'accounts',
  controllers: [AccountsController],
  providers: [Accounts, ExtraFields, Profile, RegistrationForm, SelfRegistration, UserWriter],
  exports: [Accounts],
});
