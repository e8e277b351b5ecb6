import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addReseal(program: Command): void {
  program.command('reseal').action(() => {
    throw new Refusal('reseal is not there yet.');
  });
}
