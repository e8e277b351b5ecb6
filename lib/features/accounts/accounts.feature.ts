import { defineFeature } from '../define-feature.js';
import { AccountChanges } from './account-changes.service.js';
import { AccountDeletion } from './account-deletion.service.js';
import { AccountsController } from './accounts.controller.js';
import { Accounts } from './accounts.service.js';
import { ExtraFields } from './extra-fields.js';
import { IdentifierChange } from './identifier-change.service.js';
import { PendingLetters } from './pending-letters.service.js';
import { Profile } from './profile.service.js';
import { RegistrationForm } from './registration-form.js';
import { SelfRegistration } from './self-registration.service.js';

export const accounts = defineFeature({
  name: 'accounts',
  controllers: [AccountsController],
  providers: [
    AccountChanges,
    AccountDeletion,
    Accounts,
    ExtraFields,
    IdentifierChange,
    PendingLetters,
    Profile,
    RegistrationForm,
    SelfRegistration,
  ],
  exports: [Accounts],
});
