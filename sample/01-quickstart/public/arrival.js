import { go } from './router.js';
import { askForFactor } from './view-factor.js';

/** Where an answered sign-in leads: into the application, or to the second factor that it waits for. */
export function arrive(answer) {
  if (answer.status === 'second_factor') askForFactor(answer);
  else go('notes');
}
