import { existsSync, writeFileSync } from 'node:fs';
import { Refusal } from './refusal.js';

type FileToWrite = readonly [file: string, content: string];

/** Writes files that only their owner reads. None of them is there before, or nothing is written. */
export function writeKeyFiles(files: readonly FileToWrite[]): readonly string[] {
  const there = files.map(([file]) => file).filter((file) => existsSync(file));
  if (there.length > 0) throw new Refusal(`${there.join(' and ')}: there already, and never overwritten.`);
  for (const [file, content] of files) write(file, content);
  return files.map(([file]) => file);
}

function write(file: string, content: string): void {
  try {
    // `wx`: whoever made the file since then keeps it.
    writeFileSync(file, `${content}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new Refusal(`${file} could not be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
}
