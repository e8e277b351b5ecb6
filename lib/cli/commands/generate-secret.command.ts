import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addGenerateSecret(program: Command): void {
  program.command('generate-secret').action(() => {
    throw new Refusal('generate-secret is not there yet.');
  });
}
