import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { gatehouse } from '../cli/gatehouse.js';
import { GOOD_SECRET } from './kit.js';

const ENVIRONMENT = { NODE_ENV: 'production', AUTH_SECRET: GOOD_SECRET };
const moduleAt = (name: string): string => path.join(import.meta.dirname, name);

describe.each(['doctored.module.mjs', 'doctored.module.cjs'])('gatehouse doctor %s', (name) => {
  it('prints where it looks, every finding and the verdict, and starts nothing', async () => {
    const { code, output } = await gatehouse(['doctor', moduleAt(name)], { ...ENVIRONMENT, AUTH_SECRET: 'changeme' });
    expect(output).toMatch(/environment +production\n +database +better-sqlite3 of this machine\n +store +memory/);
    for (const id of ['keys.strength', 'database.synchronize', 'database.embedded', 'mail.console']) {
      expect(output).toMatch(new RegExp(`refuse +${id} `));
    }
    expect(output).toMatch(/the table users does not hold User/);
    expect(output).toMatch(/Not fit for production\.\s*$/);
    expect(output).not.toContain('A hook ran');
    expect(output).not.toContain('changeme');
    expect(code).toBe(1);
  });
});

it('--json is one document, and --static connects to nothing', async () => {
  const args = ['doctor', moduleAt('doctored.module.mjs'), '--static', '--json'];
  const { code, output } = await gatehouse(args, { ...ENVIRONMENT, DATABASE: '/nowhere/at/all.sqlite' });
  const result = JSON.parse(output) as { fit: boolean; problems: unknown[]; report: { entries: unknown[] } };
  expect(Object.keys(result)).toEqual(['gatehouse', 'module', 'fit', 'problems', 'unchecked', 'report', 'places']);
  expect(result).toMatchObject({ fit: false, problems: [] });
  expect(result.report.entries.length).toBeGreaterThan(30);
  expect(code).toBe(1);
});

it('options that cannot be are findings, a file that is no module is a failure', async () => {
  const { code, output } = await gatehouse(['doctor', moduleAt('doctored.module.mjs')], { NODE_ENV: 'production' });
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringMatching(/REFUSES THE START\n +- secret:/) });
  expect(await gatehouse(['doctor', moduleAt('main.js')])).toMatchObject({ code: 3 });
  expect(await gatehouse(['doctor'])).toMatchObject({ code: 2 });
});
