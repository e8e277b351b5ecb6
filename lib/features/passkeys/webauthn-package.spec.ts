import { expect, it } from 'vitest';
import { AuthError } from '../../errors/auth-error.js';
import { webAuthnPackage } from './webauthn-package.js';

it('a package that is not there is a 503', async () => {
  const missing = webAuthnPackage(() => Promise.reject(new Error('Cannot find package')));
  await expect(missing).rejects.toBeInstanceOf(AuthError);
  await expect(missing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
