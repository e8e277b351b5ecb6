/** Folders and root files of `lib/` from the ground up. Each imports only what stands above it in this list. */
export const FOLDERS = [
  'common',
  'errors',
  'options',
  'keys',
  'cookies',
  'store',
  'database',
  'checklist',
  'events',
  'mail',
  'roles',
  'users',
  'hooks',
  'attempts',
  'passwords',
  'one-time-tokens',
  'sessions',
  'tokens',
  'access',
  'sign-in',
  'http',
  'kernel.ts',
  'features',
  'hardening',
  'features.ts',
  'auth-entities.ts',
  'assemble.ts',
  'auth.module.ts',
  'testing',
  'ws',
  'terminus',
  'cli',
  'index.ts',
];

/** Feature folders that hold several features instead of being one. */
export const FEATURE_GROUPS = ['administration'];

/** Imports against the order that are accepted, for types alone: nothing of them is left at run time. */
export const ACCEPTED_TYPE_IMPORTS = [{ from: 'options', file: 'keys/key-purposes.ts' }];

/** Files that only these may import. */
export const ONLY_IMPORTED_BY = {
  'kernel.ts': ['assemble.ts'],
  'features.ts': ['auth-entities.ts', 'assemble.ts', 'auth.module.ts'],
};
