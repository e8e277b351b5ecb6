import { databaseDoor, injectedClock, noEnterWith, noMathRandom, noSkippedTests, noTopLevelAwait } from './bans.mjs';
import { compiles } from './compiles.mjs';
import { storeys } from './storeys.mjs';

/** Rules of this repository alone. */
export const gatehouse = {
  meta: { name: 'gatehouse' },
  rules: {
    storeys,
    compiles,
    'database-door': databaseDoor,
    'injected-clock': injectedClock,
    'no-enter-with': noEnterWith,
    'no-math-random': noMathRandom,
    'no-skipped-tests': noSkippedTests,
    'no-top-level-await': noTopLevelAwait,
  },
};
