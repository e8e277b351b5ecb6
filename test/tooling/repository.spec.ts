import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './lint-kit.js';

// Written in pieces, so that this file passes its own test.
const TRACES = [
  new RegExp(['registry', 'npmjs', 'org'].join('\\.')),
  new RegExp(['registry', 'yarnpkg', 'com'].join('\\.')),
  /"resolved": "https?:/,
  /(?:^|[\s"'`(=:])\/(?:home\/[a-z][\w.-]*|root|Users\/[A-Za-z][\w.-]*)\//m,
];

/** What git tracks, and what it would: a new file is judged before it is committed. */
function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' });
  return listed.split('\0').filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
}

function tracesIn(file: string): string[] {
  const bytes = readFileSync(path.join(ROOT, file));
  if (bytes.includes(0)) return [];
  const text = bytes.toString('utf8');
  return TRACES.filter((trace) => trace.test(text)).map((trace) => `${file}: ${trace.source}`);
}

describe('the repository', () => {
  const files = repositoryFiles();

  it('names no package registry and no home folder', () => {
    expect(files).toContain('package.json');
    expect(files.filter((file) => statSync(path.join(ROOT, file)).isFile()).flatMap(tracesIn)).toEqual([]);
  });

  it('tracks nothing that a build or a run makes', () => {
    expect(files.filter((file) => /(^|\/)(node_modules|dist|coverage|\.data)\//.test(file))).toEqual([]);
  });
});
