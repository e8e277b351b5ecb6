import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretProblem } from '../../lib/keys/secret-strength.js';
import { privateKeyProblem, publicKeyProblem } from '../../lib/options/key-pem.js';
import { newTokenKeys, KEY_ALGORITHMS } from '../../lib/cli/token-key-pair.js';
import { resolveSettings } from '../../lib/options/resolve-options.js';
import { gatehouse } from './gatehouse.js';

const PASSWORD = 'hunter2-hunter2-hunter2';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the built binary', { timeout: 120_000 }, () => {
  it('shows its commands, and knows the nearest to one that is misspelt', async () => {
    const [help, unknown] = await Promise.all([gatehouse(['--help']), gatehouse(['unlok'])]);
    expect(help.code).toBe(0);
    expect(help.output).toContain('reseal');
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.output).toContain('Did you mean unlock?');
  });

  it('prints a good secret alone on stdout, and refuses a short one', async () => {
    const [made, short] = await Promise.all([
      gatehouse(['generate-secret']),
      gatehouse(['generate-secret', '--bytes', '16']),
    ]);
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^[\w-]{43}\n$/);
    expect(secretProblem(made.stdout.trim())).toBeUndefined();
    expect(short).toMatchObject({ code: 2, stdout: '' });
  });

  it('writes keys for their owner alone, and never over a file', async () => {
    const file = path.join(folder, 'token-key.pem');
    const made = await gatehouse(['generate-keys', '--out', file]);
    expect(made.code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const privateKey = await readFile(file, 'utf8');
    expect(privateKeyProblem(privateKey)).toBeUndefined();
    expect(publicKeyProblem(await readFile(`${file}.pub`, 'utf8'))).toBeUndefined();
    expect(made.output).not.toContain(privateKey.split('\n')[1]);

    await writeFile(path.join(folder, 'other.pem.pub'), 'mine');
    const again = await gatehouse(['generate-keys', '--out', path.join(folder, 'other.pem')]);
    expect(again.code).toBe(3);
    expect(await readFile(path.join(folder, 'other.pem.pub'), 'utf8')).toBe('mine');
    await expect(stat(path.join(folder, 'other.pem'))).rejects.toThrow('ENOENT');
  });

  it('takes no password from the command line, and repeats none', async () => {
    const command = ['create-admin', 'dist/app.module.js', '--email', 'ada@example.com'];
    const answers = await Promise.all([
      gatehouse([...command, '--password', PASSWORD]),
      gatehouse([...command, `--password=${PASSWORD}`]),
      gatehouse([...command, `--pasword=${PASSWORD}`]),
    ]);
    for (const { code, output } of answers) {
      expect(code).toBe(2);
      expect(output).not.toContain(PASSWORD);
    }
    expect(answers[0].output).toContain('GATEHOUSE_ADMIN_PASSWORD');
  });

  it('says in a line what it needs: a file, a terminal, an account', async () => {
    const [absent, noTerminal, nobody] = await Promise.all([
      gatehouse(['reseal', 'nowhere/app.module.js']),
      gatehouse(['create-admin', 'nowhere/app.module.js', '--email', 'ada@example.com', '--prompt']),
      gatehouse(['unlock', 'nowhere/app.module.js']),
    ]);
    expect([absent.code, noTerminal.code, nobody.code]).toEqual([3, 3, 2]);
    expect(absent.output).toContain('There is no file');
    expect(noTerminal.output).toContain('no terminal');
    expect(nobody.output).toContain('--email or --id');
    for (const { output } of [absent, noTerminal, nobody]) expect(output).not.toMatch(/^ +at /m);
  });
});

it.each(KEY_ALGORITHMS)('a pair of %s is what the options take, under the key id that it says', (algorithm) => {
  const { privateKey, publicKey, kid } = newTokenKeys(algorithm);
  const values = {
    secret: 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN',
    baseUrl: 'http://localhost',
    tokens: { signingKey: { privateKey } },
  };
  const { tokens } = resolveSettings(values, { NODE_ENV: 'test' });
  expect(tokens.signingKey).toMatchObject({ kid, algorithm });
  expect(publicKeyProblem(publicKey)).toBeUndefined();
});
