import type { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import type { Database } from '../database/database.js';
import { DatabaseChecks } from './database.checks.js';

function run(id: string, options: object) {
  const dataSource = { options } as DataSource;
  const check = new DatabaseChecks({ dataSource } as Database).checks().find((candidate) => candidate.id === id)!;
  expect(check.severity).toBe('refuse');
  return check.run();
}

it.each([{ synchronize: true }, { dropSchema: true }])('database.synchronize fires on %o', (options) => {
  expect(run('database.synchronize', { type: 'postgres', ...options })).toMatchObject({ status: 'finding' });
});

it('database.synchronize is quiet on migrations', () => {
  expect(run('database.synchronize', { type: 'postgres', synchronize: false })).toEqual({ status: 'passed' });
  expect(run('database.synchronize', { type: 'postgres' })).toEqual({ status: 'passed' });
});

it.each(['better-sqlite3', 'sqljs'])('database.embedded fires on %s', (type) => {
  expect(run('database.embedded', { type })).toMatchObject({ status: 'finding', evidence: { type } });
});

it.each(['postgres', 'mysql', 'mariadb'])('database.embedded is quiet on %s', (type) => {
  expect(run('database.embedded', { type })).toEqual({ status: 'passed' });
});
