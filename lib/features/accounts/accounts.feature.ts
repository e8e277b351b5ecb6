import { defineFeature } from '../define-feature.js';
import { AccountsController } from './accounts.controller.js';
import { Administrators } from './administrators.service.js';
import { IdentifierChange } from './identifier-change.service.js';
import { Profile } from './profile.service.js';
import { RegistrationForm } from './registration-form.js';
import { SelfRegistration } from './self-registration.service.js';

export const accounts = defineFeature({
  name: 'accounts',
  controllers: [AccountsController],
  providers: [Administrators, IdentifierChange, Profile, RegistrationForm, SelfRegistration],
  exports: [Administrators],
});
