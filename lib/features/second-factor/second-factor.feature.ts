import { defineFeature } from '../define-feature.js';
import { SecondFactorForm } from './second-factor-form.js';
import { SecondFactorSignIn } from './second-factor-sign-in.service.js';
import { SecondFactorController } from './second-factor.controller.js';

export const secondFactor = defineFeature({
  name: 'second-factor',
  controllers: [SecondFactorController],
  providers: [SecondFactorForm, SecondFactorSignIn],
});
