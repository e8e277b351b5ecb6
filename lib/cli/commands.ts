import type { Command } from 'commander';
import { addCreateAdmin } from './commands/create-admin.command.js';
import { addDoctor } from './commands/doctor.command.js';
import { addGenerateKeys } from './commands/generate-keys.command.js';
import { addGenerateSecret } from './commands/generate-secret.command.js';
import { addInit } from './commands/init.command.js';
import { addJobs } from './commands/jobs.command.js';
import { addMigrations } from './commands/migrations.command.js';
import { addProbe } from './commands/probe.command.js';
import { addReseal } from './commands/reseal.command.js';
import { addUnlock } from './commands/unlock.command.js';

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly ((program: Command) => void)[] = [
  addInit,
  addGenerateSecret,
  addGenerateKeys,
  addMigrations,
  addCreateAdmin,
  addUnlock,
  addDoctor,
  addProbe,
  addReseal,
  addJobs,
];
