import type { Provider } from '@nestjs/common';
import { getOptionsToken, getStorageToken, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { StateStoreThrottlerStorage } from './throttler-storage.js';

/**
 * What `AuthThrottlerGuard` injects, for providers of our module alone: never exported, and `ThrottlerModule` never
 * imported, since it is global and would replace the application's own limits. The one throttler listed only makes the
 * guard run; its numbers come from the budgets.
 */
export const throttlerProviders: readonly Provider[] = [
  {
    provide: getOptionsToken(),
    useFactory: (): ThrottlerModuleOptions => ({ throttlers: [{ name: 'default', limit: 0, ttl: 0 }] }),
  },
  { provide: getStorageToken(), useClass: StateStoreThrottlerStorage },
];
