import type { Trap } from '../trap.js';

const HASHER = 'lib/passwords/bcrypt-password-hasher.spec.ts';
const SERVICE = 'lib/passwords/passwords.service.spec.ts';

export const PASSWORD_TRAPS: readonly Trap[] = [
  {
    id: 'hashing-takes-every-thread',
    title: 'Hashes on every thread of the pool keep files, names and WebCrypto waiting for seconds',
    spec: 'lib/options/resolve-options.spec.ts',
    test: 'hash on one thread less than the pool has',
    file: 'lib/options/resolve-options.ts',
    defence: '(Number.isInteger(threads) && threads > 0 ? threads : LIBUV_THREADS) - 1)',
    without: '(Number.isInteger(threads) && threads > 0 ? threads : LIBUV_THREADS))',
  },
  {
    id: 'hashing-runs-unbounded',
    title: 'Hashes that run as they come fill the pool, whatever the limit says',
    spec: 'lib/passwords/hashing-queue.spec.ts',
    test: 'never runs more than allowed under load',
    file: 'lib/passwords/hashing-queue.ts',
    defence: 'if (this.running < this.concurrency) this.running++;',
    without: 'if (this.running < Infinity) this.running++;',
  },
  {
    id: 'sentinel-hash',
    title: 'What stands for a missing hash is answered at once, and so tells that nobody is there',
    spec: SERVICE,
    test: 'spends exactly one hash of the same cost on known, unknown and malformed',
    file: 'lib/passwords/passwords.service.ts',
    defence: 'const hashable = isHashable(password);',
    without: 'if (stored === null) return WRONG;\n    const hashable = isHashable(password);',
  },
  {
    id: 'dummy-at-first-need',
    title: 'A dummy that is made for the first unknown user costs that one a hash more',
    spec: SERVICE,
    test: 'has the dummy from the start, so that the first unknown user costs no more than the next',
    file: 'lib/passwords/passwords.service.ts',
    defence: 'await this.dummy().catch((error: unknown) => {',
    without: 'await Promise.resolve().catch((error: unknown) => {',
  },
  {
    id: 'password-without-end',
    title: 'A password of megabytes holds a thread: above 1,024 bytes nothing is hashed',
    spec: SERVICE,
    test: 'lets no password above 1,024 bytes reach a hash',
    file: 'lib/passwords/password-text.ts',
    defence: 'return password.length <= MAX_UNITS && Buffer.byteLength',
    without: 'return password.length >= 0 || Buffer.byteLength',
  },
  {
    id: 'bcrypt-cuts-at-72-bytes',
    title: 'bcrypt reads 72 bytes and no NUL: what comes after would not matter',
    spec: HASHER,
    test: 'never %s',
    file: 'lib/passwords/password-keys.ts',
    defence: "return createHmac('sha256', key).update(normalised(password), 'utf8').digest('base64');",
    without: 'return normalised(password) + key.slice(0, 0);',
  },
  {
    id: 'password-shucking',
    title: 'A hash that leaked from another site opens an account here when both hash the same input',
    spec: HASHER,
    test: 'gives a leaked foreign hash no use as ours, and ours no use as a plain one',
    file: 'lib/passwords/password-keys.ts',
    defence: 'return ours ? this.keyed(password, pepper) : password;',
    without: 'return password;',
  },
  {
    id: 'composed-and-decomposed',
    title: 'One keyboard composes what another does not: the owner would be locked out',
    spec: HASHER,
    test: 'takes composed and decomposed text for the same',
    file: 'lib/passwords/password-text.ts',
    defence: "return password.normalize('NFC');",
    without: 'return password;',
  },
  {
    id: 'rehash-brings-the-old-password-back',
    title: 'A sign-in that hashes anew writes the old password over the one that was set meanwhile',
    spec: 'test/sessions/in-flight.spec.ts',
    test: 'never writes the old password back when it is hashed anew',
    file: 'lib/sign-in/password-record.service.ts',
    defence: 'this.table.setPasswordHash(manager, userId, passwordHash, stored)',
    without: 'this.table.setPasswordHash(manager, userId, passwordHash)',
  },
  {
    id: 'short-password-burns-the-link',
    title: 'A new password that the rules refuse uses the reset link up',
    spec: 'test/recovery/reset.spec.ts',
    test: 'a password that breaks the rules leaves the link usable',
    where: 'express, sqlite',
    file: 'lib/features/password/password-reset.service.ts',
    defence: '{ userId, email }, { signal: request.gone });',
    without:
      '{ userId, email }, { signal: request.gone }).catch(async (error: unknown) => {\n' +
      '      await this.database.write((manager) => this.tokens.claim(manager, presented));\n' +
      '      throw error;\n    });',
  },
];
