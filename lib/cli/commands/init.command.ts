import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addInit(program: Command): void {
  program.command('init').action(() => {
    throw new Refusal('init is not there yet.');
  });
}
