import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** For specs that run `dist`: throws where it is missing, or older than what it was built from. */
export function requireBuiltLibrary(root = ROOT): void {
  const output = join(root, 'dist', 'index.js');
  if (!existsSync(output)) throw new Error('This spec runs dist, which is missing: run "npm run build".');
  const built = statSync(output).mtimeMs;
  const newer = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .find((name) => statSync(join(root, 'lib', name)).mtimeMs > built);
  if (newer !== undefined) {
    throw new Error(`This spec runs dist, which is older than lib/${newer}: run "npm run build".`);
  }
}
