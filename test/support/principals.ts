import { Principal, type PrincipalFields } from '../../lib/common/principal.js';

/** Somebody who is signed in with a password and has nothing else. */
export function principalOf(fields: Partial<PrincipalFields> = {}): Principal {
  return Principal.of({
    userId: 'u1',
    via: 'session',
    sessionId: 's1',
    roles: [],
    permissions: [],
    scopes: undefined,
    emailVerified: false,
    methods: ['pwd'],
    authenticatedAt: 1_000,
    freshUntil: 2_000,
    expiresAt: 9_000,
    impersonatorId: undefined,
    ...fields,
  });
}
