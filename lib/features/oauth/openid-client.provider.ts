import type { Provider } from '@nestjs/common';
import { StartUpError } from '../../errors/start-up-error.js';
import { AuthSettings } from '../../options/auth-settings.js';

export type OpenidClient = typeof import('openid-client');

export const OPENID_CLIENT = Symbol('OPENID_CLIENT');

/** An optional package: only who signs in with other providers needs it. Connects to nothing. */
export const openidClientProvider: Provider = {
  provide: OPENID_CLIENT,
  useFactory: ({ oauth }: AuthSettings) => (Object.keys(oauth.providers).length === 0 ? undefined : openidClient()),
  inject: [AuthSettings],
};

async function openidClient(): Promise<OpenidClient> {
  try {
    return await import('openid-client');
  } catch (error) {
    throw new StartUpError('oauth.providers needs a package that is not there', [
      `Install it: npm install openid-client (${(error as { readonly code?: string }).code ?? 'it could not be loaded'}).`,
    ]);
  }
}
