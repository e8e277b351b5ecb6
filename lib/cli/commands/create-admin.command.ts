import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addCreateAdmin(program: Command): void {
  program.command('create-admin').action(() => {
    throw new Refusal('create-admin is not there yet.');
  });
}
