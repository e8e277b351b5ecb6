import { randomBytes, scryptSync } from 'node:crypto';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ScryptScheme } from '../../lib/passwords/schemes/scrypt.scheme.js';
import { codeBlocks, page } from './pages.js';

const PASSWORD = 'correct horse battery staple';

/** As better-auth stores it: the text of the salt is what is hashed with. */
function betterAuthHash(password: string): string {
  const salt = randomBytes(16).toString('hex');
  const cost = { N: 16_384, r: 16, p: 1, maxmem: 128 * 16_384 * 16 * 2 };
  return `${salt}:${scryptSync(password.normalize('NFKC'), salt, 64, cost).toString('hex')}`;
}

describe('docs/from-better-auth.md', () => {
  it('turns a password hash into one that verifies', async () => {
    const block = codeBlocks(page('docs/from-better-auth.md'), 'ts').find(({ code }) =>
      code.includes('password-hash.ts'),
    );
    const { outputText } = ts.transpileModule(block!.code, { compilerOptions: { module: ts.ModuleKind.ESNext } });
    const module = (await import(`data:text/javascript,${encodeURIComponent(outputText)}`)) as {
      passwordHash(stored: string): string;
    };
    const read = new ScryptScheme().read(module.passwordHash(betterAuthHash(PASSWORD)));
    expect(await read?.matches(PASSWORD)).toBe(true);
    expect(await read?.matches(`${PASSWORD}!`)).toBe(false);
  });
});
