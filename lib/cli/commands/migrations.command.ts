import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addMigrations(program: Command): void {
  program.command('migrations').action(() => {
    throw new Refusal('migrations is not there yet.');
  });
}
