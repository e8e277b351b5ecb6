import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './lint-kit.js';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Manifest;
const targets = Object.values(manifest.exports).flatMap((entry) =>
  typeof entry === 'string' ? [entry] : [entry.types, entry.default],
);

describe('the built package (after npm run build)', () => {
  it.each(targets)('has %s', (target) => {
    expect(existsSync(path.join(ROOT, target))).toBe(true);
  });

  it('can be required by a CommonJS application', () => {
    const require = createRequire(path.join(ROOT, 'package.json'));
    for (const name of Object.keys(manifest.exports)) {
      expect(require(`nestjs-gatehouse${name.slice(1)}`)).toBeTypeOf('object');
    }
  });

  it('is few files, and no class is in two of them: Nest finds providers by their class', () => {
    const dist = path.join(ROOT, 'dist');
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    expect(files.length).toBeLessThan(50);
    const classes = files.flatMap((name) => {
      const text = readFileSync(path.join(dist, name), 'utf8');
      return [...text.matchAll(/^(?:(?:let|var) \w+ = )?class (?!extends\b)(\w+)/gm)].map(([, found]) => found!);
    });
    expect(classes.length).toBeGreaterThan(100);
    expect(classes.filter((name, index) => classes.indexOf(name) !== index)).toEqual([]);
  });

  it('develops against the packages that it asks its users for', () => {
    const missing = Object.keys(manifest.peerDependencies).filter((name) => !(name in manifest.devDependencies));
    expect(missing).toEqual([]);
  });
});
