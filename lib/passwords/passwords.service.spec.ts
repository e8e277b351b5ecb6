import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AuthMetrics } from '../events/auth-metrics.js';
import { Metrics } from '../events/metrics.service.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { BcryptPasswordHasher } from './bcrypt-password-hasher.js';
import { HashingAborted } from './hashing-aborted.js';
import { HashingQueue } from './hashing-queue.js';
import { PasswordHasher } from './password-hasher.js';
import { Passwords } from './passwords.service.js';

const settings = { passwords: { cost: 5, concurrency: 1, queue: 2 } } as AuthSettings;

/** The real hasher, which notes what it was asked and what work that was. */
class Watched extends BcryptPasswordHasher {
  readonly asked: { password: string; stored: string | undefined }[] = [];
  readonly salts: string[] = [];

  override hash(password: string): Promise<string> {
    this.asked.push({ password, stored: undefined });
    return super.hash(password);
  }

  override verify(password: string, stored: string): Promise<boolean> {
    this.asked.push({ password, stored });
    return super.verify(password, stored);
  }

  protected override bcrypt(input: string, salt: string): Promise<string> {
    this.salts.push(salt);
    return super.bcrypt(input, salt);
  }

  /** Costs of the hashes since the last call. */
  costs(): number[] {
    return this.salts.splice(0).map((salt) => Number(salt.slice(4, 6)));
  }
}

/** One of an application's own, which knows no other dummy than a hash. */
class Foreign extends PasswordHasher {
  hashes = 0;

  override async hash(password: string): Promise<string> {
    this.hashes += 1;
    return createHash('sha256').update(password).digest('hex');
  }

  override async verify(password: string, stored: string): Promise<boolean> {
    return createHash('sha256').update(password).digest('hex') === stored;
  }

  override needsRehash(): boolean {
    return false;
  }
}

async function started() {
  const hasher = new Watched(settings);
  const passwords = new Passwords(hasher, new HashingQueue(settings, new Metrics(new AuthMetrics())));
  await passwords.onModuleInit();
  const stored = await passwords.hash('correct horse battery');
  hasher.costs();
  return { hasher, passwords, stored };
}

describe('Passwords', () => {
  it('tells right from wrong', async () => {
    const { passwords, stored } = await started();
    expect(await passwords.verify('correct horse battery', stored)).toEqual({ matches: true, rehash: false });
    expect(await passwords.verify('correct horse batterz', stored)).toEqual({ matches: false, rehash: false });
  });

  it('spends exactly one hash of the same cost on known, unknown and malformed', async () => {
    const { hasher, passwords, stored } = await started();
    for (const against of [stored, null, 'nonsense']) {
      for (const password of ['correct horse battery', 'wrong', '', 'x'.repeat(1_025), 'x'.repeat(1_000_000)]) {
        await passwords.verify(password, against);
        expect(hasher.costs()).toEqual([5]);
      }
    }
  });

  it('has the dummy from the start without a hash, so that the first unknown user costs no more than the next', async () => {
    const hasher = new Watched(settings);
    const passwords = new Passwords(hasher, new HashingQueue(settings, new Metrics(new AuthMetrics())));
    await passwords.onModuleInit();
    expect(hasher.costs()).toEqual([]);
    for (const password of ['first', 'next']) {
      await passwords.verify(password, null);
      expect(hasher.costs()).toEqual([5]);
    }
  });

  it('has the dummy of a hasher of the application, which is a hash, from the start too', async () => {
    const hasher = new Foreign();
    const passwords = new Passwords(hasher, new HashingQueue(settings, new Metrics(new AuthMetrics())));
    await passwords.onModuleInit();
    expect(hasher.hashes).toBe(1);
    for (const password of ['first', 'next']) expect((await passwords.verify(password, null)).matches).toBe(false);
    expect(hasher.hashes).toBe(1);
  });

  it('has a dummy that reads as a stored password does, and another in every process', async () => {
    const [dummy, other, stored] = await Promise.all([
      new Watched(settings).decoy(),
      new Watched(settings).decoy(),
      new Watched(settings).hash('correct horse battery'),
    ]);
    const form = /^\$gatehouse\$v=1\$2b\$05\$[./A-Za-z0-9]{53}$/;
    for (const text of [dummy, other, stored]) expect(text).toMatch(form);
    expect(dummy.slice(0, -31)).not.toBe(other.slice(0, -31));
    expect(dummy.slice(-31)).not.toBe(other.slice(-31));
    expect(new Watched(settings).needsRehash(dummy)).toBe(false);
  });

  it('never matches without a stored hash, not even the password of the dummy', async () => {
    class Known extends Watched {
      override decoy(): Promise<string> {
        return this.hash('password of the dummy');
      }
    }
    const hasher = new Known(settings);
    const passwords = new Passwords(hasher, new HashingQueue(settings, new Metrics(new AuthMetrics())));
    expect(await passwords.verify('password of the dummy', null)).toEqual({ matches: false, rehash: false });
    const dummy = hasher.asked.at(-1)?.stored ?? '';
    expect(await hasher.verify('password of the dummy', dummy)).toBe(true);
  });

  it('lets no password above 1,024 bytes reach a hash', async () => {
    const { hasher, passwords, stored } = await started();
    const long = '🦊'.repeat(257);
    for (const against of [stored, await hasher.hash(long), await hasher.hash('')]) {
      hasher.asked.length = 0;
      expect(await passwords.verify(long, against)).toEqual({ matches: false, rehash: false });
      expect(hasher.asked.map(({ password }) => password)).toEqual(['']);
    }
    hasher.asked.length = 0;
    await expect(passwords.hash(long)).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });
    expect(hasher.asked).toEqual([]);
  });

  it('hashes and verifies 64 emoji and the full 1,024 bytes', async () => {
    const { passwords } = await started();
    for (const password of ['🦊'.repeat(64), '🦊'.repeat(256), 'x'.repeat(1_024)]) {
      const stored = await passwords.hash(password);
      expect((await passwords.verify(password, stored)).matches).toBe(true);
      expect((await passwords.verify(password.slice(0, -2), stored)).matches).toBe(false);
    }
  });

  it('asks for a re-hash after a match only, and not while others wait', async () => {
    const { passwords } = await started();
    const cheap = await new BcryptPasswordHasher({ passwords: { cost: 4 } } as AuthSettings).hash(
      'correct horse battery',
    );
    expect(await passwords.verify('correct horse battery', cheap)).toEqual({ matches: true, rehash: true });
    expect(await passwords.verify('wrong', cheap)).toEqual({ matches: false, rehash: false });

    const crowd = await Promise.all([1, 2, 3].map(() => passwords.verify('correct horse battery', cheap)));
    expect(crowd.map(({ matches }) => matches)).toEqual([true, true, true]);
    expect(crowd.map(({ rehash }) => rehash)).toEqual([false, true, true]);
  });

  it('is BUSY for known and unknown accounts alike', async () => {
    const { passwords, stored } = await started();
    const admitted = [stored, null, stored].map((against) => passwords.verify('wrong', against));
    for (const against of [stored, null]) {
      await expect(passwords.verify('wrong', against)).rejects.toMatchObject({ code: 'BUSY' });
    }
    await Promise.all(admitted);
  });

  it('drops a verification whose client has gone', async () => {
    const { hasher, passwords, stored } = await started();
    const before = hasher.asked.length;
    await expect(passwords.verify('x', stored, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(HashingAborted);
    await expect(passwords.hash('x', { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(HashingAborted);
    expect(hasher.asked).toHaveLength(before);
  });
});
