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
  'jobs',
  'events',
  'roles',
  'users',
  'hooks',
  'mail',
  'attempts',
  'passwords',
  'one-time-tokens',
  'sessions',
  'registration',
  'mailed-codes',
  'second-factors',
  'tokens',
  'ip-rules',
  'access',
  'sign-in',
  'http',
  'accounts',
  'hardening',
  'kernel.ts',
  'features',
  'features.ts',
  'auth-entities.ts',
  'assemble.ts',
  'auth.module.ts',
  'testing',
  'ws',
  'terminus',
  'prometheus',
  'index.ts',
  'internals.ts',
  'cli',
];

/** Feature folders that hold several features instead of being one. */
export const FEATURE_GROUPS = ['administration'];

/** Files that only these may import. */
export const ONLY_IMPORTED_BY = {
  'kernel.ts': ['assemble.ts'],
  'features.ts': ['auth-entities.ts', 'assemble.ts', 'auth.module.ts'],
};
