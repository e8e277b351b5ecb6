import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addGenerateKeys(program: Command): void {
  program.command('generate-keys').action(() => {
    throw new Refusal('generate-keys is not there yet.');
  });
}
