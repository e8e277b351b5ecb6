import { defineFeature } from '../../define-feature.js';
import { UserAccessController } from './user-access.controller.js';
import { UserAdministration } from './user-administration.service.js';
import { UserForm } from './user-form.js';
import { UsersController } from './users.controller.js';

export const users = defineFeature({
  name: 'administration/users',
  controllers: [UsersController, UserAccessController],
  providers: [UserAdministration, UserForm],
});
