/**
 * By folder of `lib/`: what of `test/` judges its mutants beside its own specs, and what of it is no code to mutate. Only
 * specs that need no service and end within seconds belong here.
 */
const FOLDERS = {
  keys: {},
  tokens: {},
  passwords: {
    specs: ['test/passwords/{breached,stored}.spec.ts'],
    data: ['common-passwords.ts', 'common-password-digests.ts'],
  },
  'one-time-tokens': { specs: ['test/one-time-tokens/one-time-tokens.spec.ts'] },
  store: {
    // They stop and freeze servers, and wait for deadlines: minutes for a single mutant.
    skip: [
      'lib/store/redis-state-store.faults.spec.ts',
      'lib/store/cluster/{failover,redis-cluster*,resharding}.spec.ts',
    ],
    // The contract is a suite of tests itself; the parts of a cluster are judged by nothing but the specs above.
    data: [
      'contract/**',
      'state-store-contract.ts',
      'cluster/{cluster-topology,first-seen,own-cluster-nodes,redis-cluster,shared-cluster-nodes}.ts',
    ],
  },
  sessions: {},
  attempts: {},
  access: { specs: ['test/access/*.spec.ts'] },
  'sign-in': {},
};

export const FOLDER_NAMES = Object.keys(FOLDERS);

/** The folder that the environment names. Throws where there is none of that name. */
export function folderOf({ MUTATION_FOLDER: folder }) {
  if (FOLDERS[folder] === undefined) throw new Error(`MUTATION_FOLDER is one of ${FOLDER_NAMES.join(', ')}`);
  return folder;
}

export const specsOf = (folder) => [`lib/${folder}/**/*.spec.ts`, ...(FOLDERS[folder].specs ?? [])];

/** What to leave out of the specs of a folder: they need servers, or are slow. */
export const skippedSpecsOf = (folder) => FOLDERS[folder].skip ?? [];

/** Sources of a folder that hold data or declarations alone. */
export const dataOf = (folder) => FOLDERS[folder].data ?? [];
