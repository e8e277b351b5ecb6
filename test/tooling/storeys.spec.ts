import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LintKit, ROOT } from './lint-kit.js';

const kit = new LintKit();
afterAll(() => kit.close());

describe('the import rule of lib/', () => {
  it.each([
    ['a folder below', 'lib/store/a.ts', `import '../database/b.js';`],
    ['a feature from the kernel', 'lib/http/a.ts', `import '../features/login/b.js';`],
    ['another feature', 'lib/features/login/a.ts', `import '../session-list/b.js';`],
    ['another feature of a group', 'lib/features/administration/users/a.ts', `import '../roles/b.js';`],
    ['a type of a folder below', 'lib/common/a.ts', `import type { B } from '../errors/b.js';`],
    ['a type of the keys from the options', 'lib/options/a.ts', `import type { K } from '../keys/keyring.js';`],
    ['the module from a feature', 'lib/features/login/a.ts', `import '../../auth.module.js';`],
    ['the list of features from the testing kit', 'lib/testing/a.ts', `import '../features.js';`],
    ['the list of features from a feature', 'lib/features/login/a.ts', `import '../../features.js';`],
    ['the providers of the kernel from a feature', 'lib/features/login/a.ts', `import '../../kernel.js';`],
    ['features from the providers of the kernel', 'lib/kernel.ts', `import './features/login/b.js';`],
    ['the package entry', 'lib/testing/a.ts', `import '../index.js';`],
    ['a folder below by re-export', 'lib/store/a.ts', `export { b } from '../sessions/b.js';`],
    ['all of a folder below by re-export', 'lib/store/a.ts', `export * from '../sessions/b.js';`],
    ['a folder below by import()', 'lib/store/a.ts', `export const b = () => import('../sessions/b.js');`],
    ['a folder below by import type', 'lib/store/a.ts', `export type B = import('../sessions/b.js').B;`],
    ['a folder that is not in the list', 'lib/store/a.ts', `import '../elsewhere/b.js';`],
    ['test code', 'lib/store/a.ts', `import '../../test/support/b.js';`],
    ['lib/ from a sample', 'sample/01-quickstart/src/a.ts', `import '../../../lib/common/clock.js';`],
  ])('reports %s', async (_, file, code) => {
    expect(await kit.rulesBrokenBy(file, code)).toEqual(['gatehouse/storeys']);
  });

  it('reports a folder that is not in the list', async () => {
    expect(await kit.rulesBrokenBy('lib/elsewhere/a.ts', `import '../common/b.js';`)).toEqual(['gatehouse/storeys']);
  });

  it.each([
    ['a folder above', 'lib/database/a.ts', `import '../store/b.js';`],
    ['the own folder', 'lib/store/a.ts', `import './b.js';`],
    ['the kernel from a feature', 'lib/features/login/a.ts', `import '../../sign-in/b.js';`],
    ['the own feature', 'lib/features/administration/users/a.ts', `import './b.js';`],
    ['what features share', 'lib/features/login/a.ts', `import '../feature.js';`],
    ['features from their list', 'lib/features.ts', `import './features/login/login.feature.js';`],
    ['the list from the module', 'lib/auth.module.ts', `import './features.js';`],
    ['the module from the entry', 'lib/index.ts', `export * from './auth.module.js';`],
    ['a package', 'lib/common/a.ts', `import 'rxjs';`],
    ['anything from a spec', 'lib/common/a.spec.ts', `import '../features/login/b.js';`],
    ['the package from a sample', 'sample/01-quickstart/src/a.ts', `import 'nestjs-gatehouse';`],
  ])('accepts %s', async (_, file, code) => {
    expect(await kit.rulesBrokenBy(file, code)).toEqual([]);
  });

  it('lists every folder and root file of lib/', async () => {
    const entries = readdirSync(path.join(ROOT, 'lib'), { withFileTypes: true });
    const unlisted = entries.map(async (entry) => {
      const file = entry.isDirectory() ? `lib/${entry.name}/a.ts` : `lib/${entry.name}`;
      const rules = await kit.rulesBrokenBy(file, entry.isDirectory() ? `import './b.js';` : `import './errors/b.js';`);
      return rules.includes('gatehouse/storeys') ? [file] : [];
    });
    expect((await Promise.all(unlisted)).flat()).toEqual([]);
  });

  it('reports a circle of imports, and none where there is none', async () => {
    kit.write('lib/common/one.ts', `import { two } from './two.js';\nexport const one = () => two;`);
    kit.write('lib/common/two.ts', `import { one } from './one.js';\nexport const two = () => one;`);
    kit.write('lib/common/three.ts', `export const three = 3;`);
    const circle = `import { one } from './one.js';\nexport const two = () => one;`;
    expect(await kit.rulesBrokenBy('lib/common/two.ts', circle)).toEqual(['import-x/no-cycle']);
    expect(await kit.rulesBrokenBy('lib/common/four.ts', `export { three } from './three.js';`)).toEqual([]);
  });
});
