#!/usr/bin/env node
import { exitCodeOf } from './failure.js';
import { gatehouseProgram } from './program.js';

/** What a host left open, such as a timer, must not keep a finished command in the terminal. */
const LINGER_MS = 2_000;

void gatehouseProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = exitCodeOf(error);
  })
  .finally(() => {
    setTimeout(() => process.exit(), LINGER_MS).unref();
  });
