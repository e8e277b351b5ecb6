import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { randomToken } from '../../common/random.js';
import type { FileChange } from './plan-init.js';

/** Writes everything beside its place first, so that a full disk or a folder that may not be written to changes nothing. */
export function applyChanges(changes: readonly FileChange[]): void {
  const written = changes.map(({ path }) => ({ path, draft: `${path}.${randomToken(6)}` }));
  try {
    for (const [index, { path, text }] of changes.entries()) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(written[index]!.draft, text, { flag: 'wx', mode: basename(path) === '.env' ? 0o600 : 0o666 });
    }
    for (const { path, draft } of written) renameSync(draft, path);
  } finally {
    for (const { draft } of written) rmSync(draft, { force: true });
  }
}
