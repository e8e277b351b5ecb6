import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileChange } from './plan-init.js';

interface Draft {
  /** Beside the file that is replaced: only there renaming is one step. */
  readonly folder: string;
  readonly target: string;
}

/**
 * Writes everything beside its place first, so that a full disk or a folder that may not be written to changes nothing.
 * What git is to ignore is said before there is anything to ignore. Links and modes of files stay as they are.
 */
export function applyChanges(changes: readonly FileChange[]): void {
  const ordered = [...changes].sort((one, other) => rankOf(one) - rankOf(other));
  const drafts: Draft[] = [];
  try {
    for (const { path, text } of ordered) {
      const target = existsSync(path) ? realpathSync(path) : path;
      mkdirSync(dirname(target), { recursive: true });
      const draft = { folder: mkdtempSync(join(dirname(target), '.gatehouse-')), target };
      drafts.push(draft);
      writeDraft(draft, text);
    }
    for (const { folder, target } of drafts) renameSync(join(folder, basename(target)), target);
  } finally {
    for (const { folder } of drafts) rmSync(folder, { recursive: true, force: true });
  }
}

function rankOf({ path }: FileChange): number {
  return basename(path) === '.gitignore' ? 0 : 1;
}

function writeDraft({ folder, target }: Draft, text: string): void {
  const name = basename(target);
  const file = join(folder, name);
  const isReplaced = existsSync(target);
  // Git leaves this folder out, whatever becomes of the process. A draft of .gitignore has no secret.
  if (name !== '.gitignore') writeFileSync(join(folder, '.gitignore'), '*\n');
  writeFileSync(file, text, { flag: 'wx', mode: isReplaced || name === '.env' ? 0o600 : 0o666 });
  if (isReplaced) chmodSync(file, statSync(target).mode & 0o7777);
}
