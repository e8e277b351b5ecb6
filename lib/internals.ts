/**
 * What tests and the bench of this repository reach for inside the built package, in processes of their own. It is not
 * published.
 */
/** @internal */
export { AuthThrottlerGuard } from './attempts/auth-throttler.guard.js';
/** @internal */
export { RateLimit } from './attempts/rate-limit.decorator.js';
/** @internal */
export { Identity } from './features/oauth/identity.entity.js';
/** @internal */
export { TotpCredential } from './features/totp/totp-credential.entity.js';
/** @internal */
export { Keyring } from './keys/keyring.js';
/** @internal */
export { OutboxEntry } from './mail/outbox-entry.entity.js';
/** @internal */
export { AuthSettings } from './options/auth-settings.js';
/** @internal */
export { SessionCookie } from './sessions/session-cookie.js';
/** @internal */
export { createStateStore } from './store/state-store.provider.js';
