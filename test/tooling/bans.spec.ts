import { afterAll, describe, expect, it } from 'vitest';
import { LintKit } from './lint-kit.js';

const kit = new LintKit();
afterAll(() => kit.close());

const FEATURE = 'lib/features/login/a.ts';
const DATABASE = 'lib/database/a.ts';
const SPEC = 'lib/common/a.spec.ts';

describe('what the linter bans', () => {
  it.each([
    ['gatehouse/no-enter-with', FEATURE, `als.enterWith(store);`],
    ['gatehouse/no-enter-with', 'sample/01-quickstart/src/a.ts', `als['enterWith'](store);`],
    ['gatehouse/no-enter-with', 'test/support/a.ts', `als.enterWith(store);`],
    ['gatehouse/database-door', FEATURE, `import { InjectRepository } from '@nestjs/typeorm';`],
    ['gatehouse/database-door', FEATURE, `import { InjectDataSource as D } from '@nestjs/typeorm';`],
    ['gatehouse/database-door', FEATURE, `import type { Repository } from 'typeorm';`],
    ['gatehouse/database-door', FEATURE, `import { BaseEntity } from 'typeorm';`],
    ['gatehouse/database-door', FEATURE, `export const f = (source) => source.transaction(() => 1);`],
    ['gatehouse/database-door', FEATURE, `export const f = (source) => source.getRepository(User).findOneBy({ id });`],
    ['gatehouse/database-door', FEATURE, `export const f = (source) => source.createQueryRunner();`],
    ['gatehouse/database-door', FEATURE, `export const f = (dataSource) => dataSource.manager.find(User);`],
    ['gatehouse/database-door', FEATURE, `export class A { f() { return this.dataSource.query('SELECT 1'); } }`],
    ['gatehouse/no-math-random', FEATURE, `export const f = () => Math.random();`],
    ['gatehouse/no-math-random', SPEC, `export const f = () => Math.random();`],
    ['gatehouse/injected-clock', FEATURE, `export const f = () => Date.now();`],
    ['gatehouse/injected-clock', FEATURE, `export const f = () => new Date();`],
    ['gatehouse/injected-clock', FEATURE, `export const f = Date.now;`],
    ['gatehouse/no-skipped-tests', SPEC, `it.skip('x', () => {});`],
    ['gatehouse/no-skipped-tests', SPEC, `describe.only('x', () => {});`],
    ['gatehouse/no-skipped-tests', SPEC, `it.concurrent.skip('x', () => {});`],
    ['gatehouse/no-skipped-tests', SPEC, `it.skipIf(true)('x', () => {});`],
    ['gatehouse/no-skipped-tests', SPEC, `test.todo('x');`],
    ['gatehouse/no-skipped-tests', 'test/a.spec.ts', `xit('x', () => {});`],
    ['import-x/no-default-export', FEATURE, `export default class A {}`],
    ['gatehouse/no-top-level-await', FEATURE, `export const a = await import('node:fs');`],
    ['@typescript-eslint/ban-ts-comment', FEATURE, `// @ts-ignore\nexport const a = 1;`],
    ['@typescript-eslint/ban-ts-comment', SPEC, `// @ts-ignore because\nexport const a = 1;`],
    ['@typescript-eslint/no-explicit-any', FEATURE, `export const a = (b: any) => String(b);`],
  ])('%s in %s: %s', async (rule, file, code) => {
    expect(await kit.rulesBrokenBy(file, code)).toEqual([rule]);
  });

  it.each([
    [FEATURE, `import { Injectable } from '@nestjs/common';\nexport const f = (als, fn) => als.run({}, fn);`],
    [FEATURE, `import { Column, Entity, type EntityManager } from 'typeorm';`],
    [FEATURE, `export const f = (database) => database.read((manager) => manager.findOneBy(User, { id }));`],
    [FEATURE, `export const f = (list) => list.find((item) => item.query('x'));`],
    [FEATURE, `export const f = (clock) => new Date(clock.now());`],
    [FEATURE, `export const f = async () => { await import('node:fs'); };`],
    [FEATURE, `// @ts-expect-error the host may have no such package\nexport const a = () => import('absent');`],
    [DATABASE, `import { InjectDataSource } from '@nestjs/typeorm';\nexport const f = (s) => s.createQueryRunner();`],
    ['lib/common/clock.ts', `export const now = () => Date.now();`],
    [SPEC, `it('x', () => { const begun = Date.now(); });\ndescribe.each([1])('y', () => {});`],
    ['sample/01-quickstart/src/a.ts', `import { InjectRepository } from '@nestjs/typeorm';\nexport default 1;`],
  ])('is quiet in %s about %s', async (file, code) => {
    expect(await kit.rulesBrokenBy(file, code)).toEqual([]);
  });
});
