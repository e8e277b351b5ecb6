import { Option, type Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { KEY_ALGORITHMS, newTokenKeys, type KeyAlgorithm } from '../token-key-pair.js';
import { writeKeyFiles } from '../key-files.js';
import { teach } from '../teach.js';

interface KeyOptions {
  readonly algorithm: KeyAlgorithm;
  readonly format: 'pem' | 'json' | 'env';
  readonly out?: string;
}

export function addGenerateKeys(program: Command): void {
  const command = program
    .command('generate-keys')
    .description('Makes a key pair that signs access tokens, in the form that the option `tokens.signingKey` takes.')
    .addOption(new Option('--algorithm <name>', 'what signs').choices(KEY_ALGORITHMS).default('ES256'))
    .addOption(
      new Option('--format <form>', 'pem: PEM; json: privateKey, publicKey and kid; env: PEM on one line')
        .choices(['pem', 'json', 'env'])
        .default('pem'),
    )
    .option(
      '--out <file>',
      'file for the private key, mode 0600; with pem and env the public one is FILE.pub beside it',
    )
    .action(generate);
  teach(command, {
    examples: [
      'gatehouse generate-keys --out token-key.pem',
      'gatehouse generate-keys --algorithm EdDSA --format json',
      'echo "TOKEN_KEY=$(gatehouse generate-keys --format env)" >> .env',
    ],
    exits: {
      [EXIT.good]: 'the keys were made',
      [EXIT.failed]: 'a file is there already, or cannot be written: nothing is ever overwritten',
    },
  });
}

function generate({ algorithm, format, out }: KeyOptions): void {
  const keys = newTokenKeys(algorithm);
  const inForm = (pem: string): string => (format === 'env' ? pem.trim().replaceAll('\n', '\\n') : pem.trim());
  const ofBoth = JSON.stringify(keys, undefined, 2);
  if (out !== undefined) {
    const files = writeKeyFiles(
      format === 'json'
        ? [[out, ofBoth]]
        : [
            [out, inForm(keys.privateKey)],
            [`${out}.pub`, inForm(keys.publicKey)],
          ],
    );
    console.log(`Wrote ${files.join(' and ')} (key id ${keys.kid}).`);
    return;
  }
  console.log(format === 'json' ? ofBoth : inForm(keys.privateKey));
  if (format !== 'json') console.error(`The public key, for tokens.acceptedKeys:\n${inForm(keys.publicKey)}`);
}
