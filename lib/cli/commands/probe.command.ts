import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addProbe(program: Command): void {
  program.command('probe').action(() => {
    throw new Refusal('probe is not there yet.');
  });
}
