import { randomBytes } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { teach } from '../teach.js';

const DEFAULT_BYTES = 32;
const MOST_BYTES = 1_024;

export function addGenerateSecret(program: Command): void {
  const command = program
    .command('generate-secret')
    .description('Prints a secret that nobody can guess, for the option `secret`, and nothing else on stdout.')
    .option('--bytes <n>', `random bytes, ${DEFAULT_BYTES} to ${MOST_BYTES}`, bytesOf, DEFAULT_BYTES)
    .action(({ bytes }: { bytes: number }) => {
      console.log(randomBytes(bytes).toString('base64url'));
      console.error('Keep it where you keep your other secrets, not in the repository.');
    });
  teach(command, {
    examples: ['gatehouse generate-secret', 'echo "AUTH_SECRET=$(gatehouse generate-secret)" >> .env'],
    exits: { [EXIT.good]: 'the secret was printed' },
  });
}

function bytesOf(text: string): number {
  const bytes = Number(text);
  if (/^\d{1,4}$/.test(text) && bytes >= DEFAULT_BYTES && bytes <= MOST_BYTES) return bytes;
  throw new InvalidArgumentError(`A whole number from ${DEFAULT_BYTES} to ${MOST_BYTES}.`);
}
