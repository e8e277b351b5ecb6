import type { Command } from 'commander';
import { Refusal } from '../refusal.js';

export function addJobs(program: Command): void {
  program.command('jobs').action(() => {
    throw new Refusal('jobs is not there yet.');
  });
}
