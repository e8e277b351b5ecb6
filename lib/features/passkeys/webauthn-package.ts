import { Logger } from '@nestjs/common';
import { AuthError } from '../../errors/auth-error.js';

export interface WebAuthnPackage {
  readonly server: typeof import('@simplewebauthn/server');
  readonly helpers: typeof import('@simplewebauthn/server/helpers');
}

const logger = new Logger('Gatehouse');

/**
 * An optional package: only who uses passkeys needs it, and nothing says so before somebody does. Throws
 * `STORE_UNAVAILABLE` (503) without it; the log says what to install.
 */
export async function webAuthnPackage(load: () => Promise<WebAuthnPackage> = loadPackage): Promise<WebAuthnPackage> {
  try {
    return await load();
  } catch (cause) {
    logger.error('Passkeys need a package that is not there. Install it: npm install @simplewebauthn/server');
    throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: 60_000, cause });
  }
}

async function loadPackage(): Promise<WebAuthnPackage> {
  const [server, helpers] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);
  return { server, helpers };
}
