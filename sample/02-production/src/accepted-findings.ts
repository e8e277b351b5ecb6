import { isIP } from 'node:net';
import type { Configuration } from './configuration.js';

/** Findings of the production checklist that this deployment lives with, each with its reason. It is printed at start. */
export function acceptedFindings({ baseUrl, redisOnPrivateNetwork }: Configuration): Readonly<Record<string, string>> {
  return {
    'access.admin-second-factor':
      'This sample has no page on which to set one up. With one, say secondFactor: { roles: [admin] } in place of this line.',
    'access.public-routes':
      'Read: the health check, which tells the name of the worker, and the page that mailed links open.',
    'passwords.breached': 'New passwords are held against the list that Gatehouse brings; no service outside is asked.',
    ...(isIP(new URL(baseUrl).hostname) !== 0
      ? { 'access.passkey-domain': 'BASE_URL is an IP address, for a try: passkeys are for a deployment with a name.' }
      : {}),
    ...(redisOnPrivateNetwork
      ? { 'store.transport': 'REDIS_NETWORK=private: the operator says that nobody else reaches this network.' }
      : {}),
  };
}
