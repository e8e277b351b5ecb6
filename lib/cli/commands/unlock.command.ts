import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addUnlock(program: Command): void {
  program.command('unlock').action(() => {
    throw new Refusal('unlock is not there yet.');
  });
}
