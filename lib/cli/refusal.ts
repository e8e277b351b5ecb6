import { EXIT, type ExitCode } from './exit-codes.js';

/** A command that cannot do what was asked, said in words for whoever typed it. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failed,
  ) {
    super(message);
  }
}
