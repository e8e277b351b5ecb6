import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Refusal } from './refusal.js';

/** Errors of the application's own copy of the package are of other classes with the same names. */
const SPEAKING_FOR_THEMSELVES: readonly string[] = ['StartUpError', 'AuthError'];

/** Says on stderr why a command failed, unless that has been said, and answers how it ends. */
export function exitCodeOf(error: unknown): ExitCode {
  // Commander has said by itself what is wrong with the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
  if (error instanceof Refusal) {
    console.error(error.message);
    return error.exitCode;
  }
  console.error(textOf(error));
  return EXIT.failed;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return 'The command failed.';
  if (isUnavailable(error)) return 'The database, or the state store, could not be reached in time.';
  // What the network or a driver says has a code, and tells more without the way it took through the code.
  const speaks = SPEAKING_FOR_THEMSELVES.includes(error.name) || 'code' in error;
  return speaks && error.message !== '' ? error.message : (error.stack ?? error.message);
}

function isUnavailable(error: Error): boolean {
  return error.name === 'AuthError' && 'code' in error && error.code === 'STORE_UNAVAILABLE';
}
