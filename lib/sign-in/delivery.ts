import { AuthError } from '../errors/auth-error.js';

/** How a completed sign-in is handed out. */
export type Delivery = 'cookie' | 'tokens';

/** Throws `VALIDATION_FAILED` (400) for a delivery that this application does not offer. */
export function refuseUnoffered(deliver: Delivery): void {
  if (deliver === 'cookie') return;
  const message = 'Token delivery is not enabled in this application.';
  throw new AuthError('VALIDATION_FAILED', { details: [{ field: 'deliver', rule: 'enabled', message }] });
}
