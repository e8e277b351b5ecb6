import { randomBytes } from 'node:crypto';
import type { InjectionToken } from '@nestjs/common';
import type { AuthStructure, AuthValues } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import { resolveSettings } from '../options/resolve-options.js';
import { AUTH_STRUCTURE, AUTH_VALUES } from '../options/tokens.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { StateStore } from '../store/state-store.js';
import { FastPasswordHasher } from './fast-password-hasher.js';
import { UnlimitedStateStore } from './unlimited-state-store.js';

/** As much of Nest's `TestingModuleBuilder` as is used, so that `@nestjs/testing` is no dependency. */
export interface OverridableBuilder {
  overrideProvider(token: InjectionToken): {
    useClass(type: unknown): unknown;
    useFactory(options: {
      factory: (values: AuthValues, structure: AuthStructure) => AuthSettings;
      inject: symbol[];
    }): unknown;
  };
}

/**
 * Makes the `AuthModule` of a testing module fast and free of services: state in memory, no limits, a hasher that costs
 * nothing, and a random secret and a loopback `baseUrl` where the options give none. The rest of the options holds.
 * Refused in production.
 *
 * @example
 * const app = (await useAuthTesting(Test.createTestingModule({ imports: [AppModule] })).compile()).createNestApplication();
 */
export function useAuthTesting<Builder extends OverridableBuilder>(builder: Builder): Builder {
  builder.overrideProvider(AuthSettings).useFactory({ factory: testSettings, inject: [AUTH_VALUES, AUTH_STRUCTURE] });
  builder.overrideProvider(StateStore).useClass(UnlimitedStateStore);
  builder.overrideProvider(PasswordHasher).useClass(FastPasswordHasher);
  return builder;
}

function testSettings(values: AuthValues, structure: AuthStructure): AuthSettings {
  const { redis: _redis, ...rest } = values;
  const given: AuthValues = {
    ...rest,
    // The memory of this process is no other instance's.
    instances: 1,
    secret: values.secret ?? randomBytes(32).toString('base64url'),
    baseUrl: values.baseUrl ?? 'http://localhost',
  };
  return resolveSettings(given, process.env, { structure, testing: true });
}
