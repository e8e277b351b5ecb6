import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addDoctor(program: Command): void {
  program.command('doctor').action(() => {
    throw new Refusal('doctor is not there yet.');
  });
}
