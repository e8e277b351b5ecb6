import type { Configuration } from './configuration.js';

/** Findings of the production checklist that this deployment lives with, each with its reason. It is printed at start. */
export function acceptedFindings({ redisOnPrivateNetwork }: Configuration): Readonly<Record<string, string>> {
  return {
    'access.public-routes':
      'Read: the health check, which tells the name of the worker, and the page that mailed links open.',
    'passwords.breached': 'New passwords are held against the list that Gatehouse brings; no service outside is asked.',
    ...(redisOnPrivateNetwork
      ? { 'store.transport': 'REDIS_NETWORK=private: the operator says that nobody else reaches this network.' }
      : {}),
  };
}
