import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Refusal } from './refusal.js';

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });

/** Asks for a new password twice, at a terminal alone, and shows nothing of it. */
export async function askPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new Refusal('There is no terminal to ask at. Set GATEHOUSE_ADMIN_PASSWORD, or leave --prompt out.');
  }
  const password = await askHidden('Password: ');
  if ((await askHidden('The same once more: ')) !== password) throw new Refusal('These are two different passwords.');
  return password;
}

/** One line from a terminal, which is not shown. `interrupted` is what Ctrl+C answers. */
export function askHidden(question: string, interrupted = 'Interrupted: nobody was created.'): Promise<string> {
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    // As a terminal of its own: the real one echoes nothing then, and what is shown goes nowhere.
    const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
    const end = (): void => {
      reader.close();
      process.stderr.write('\n');
    };
    reader.once('line', (line) => {
      resolve(line);
      end();
    });
    reader.once('SIGINT', () => {
      reject(new Refusal(interrupted));
      end();
    });
  });
}
