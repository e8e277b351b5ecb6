import { Injectable, type OnModuleInit } from '@nestjs/common';
import { randomToken } from '../common/random.js';
import { AuthError } from '../errors/auth-error.js';
import { StartUpError } from '../errors/start-up-error.js';
import { HashingQueue, type HashingOptions } from './hashing-queue.js';
import { PasswordHasher } from './password-hasher.js';
import { isHashable, MAX_PASSWORD_BYTES } from './password-text.js';
import { SchemePasswordHasher } from './scheme-password-hasher.js';
import { SparseLog } from './sparse-log.js';
import { UncheckableHash } from './uncheckable-hash.js';

export interface PasswordVerification {
  readonly matches: boolean;
  /** Whether the stored text should be made anew now. Only after a match, and never while others wait for a hash. */
  readonly rehash: boolean;
}

const WRONG: PasswordVerification = { matches: false, rehash: false };

/**
 * Hashes and checks passwords. Every call passes the hashing queue once, whatever is known of the account, so neither
 * the time nor a 503 `BUSY` tells whether it exists. Both methods reject with `BUSY`, also
 * when the client has gone before its turn.
 */
@Injectable()
export class Passwords implements OnModuleInit {
  private readonly log = new SparseLog();
  private prepared: Promise<string> | undefined;

  constructor(
    private readonly hasher: PasswordHasher,
    private readonly queue: HashingQueue,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.dummy().catch((error: unknown) => {
      if (!(error instanceof UncheckableHash)) throw error;
      throw new StartUpError('passwords cannot be hashed.', [error.reason]);
    });
  }

  /** Characters of what is stored for a password. */
  async storedLength(): Promise<number> {
    return (await this.dummy()).length;
  }

  /** The text to store for a password. `PASSWORD_REJECTED` above 1,024 bytes; the policy is asked by the caller. */
  async hash(password: string, options: HashingOptions = {}): Promise<string> {
    if (!isHashable(password)) {
      const message = `Use at most ${MAX_PASSWORD_BYTES} bytes.`;
      throw new AuthError('PASSWORD_REJECTED', { details: [{ field: 'password', rule: 'maxBytes', message }] });
    }
    return this.queue.run(() => this.hasher.hash(password), options);
  }

  /**
   * Whether the password is the stored one. `null`: there is no such account, it has no password, or it may not sign in.
   * Exactly one hash is spent on every answer. `STORE_UNAVAILABLE` (503) for a hash whose pepper or package is missing.
   */
  async verify(password: string, stored: string | null, options: HashingOptions = {}): Promise<PasswordVerification> {
    const dummy = await this.dummy();
    const hashable = isHashable(password);
    const against = hashable && stored !== null ? stored : dummy;
    const same = await this.queue.run(() => this.check(hashable ? password : '', against), options);
    if (against === dummy || !same) return WRONG;
    return { matches: true, rehash: this.queue.isEmpty && this.hasher.needsRehash(against) };
  }

  private async check(password: string, stored: string): Promise<boolean> {
    try {
      return await this.hasher.verify(password, stored);
    } catch (error) {
      if (error instanceof UncheckableHash) this.log.error(`Passwords cannot be checked: ${error.reason}`);
      throw error;
    }
  }

  /** What no known password makes. Made at start; an application that was never initialised makes it at first need. */
  private dummy(): Promise<string> {
    this.prepared ??=
      this.hasher instanceof SchemePasswordHasher ? this.hasher.decoy() : this.hasher.hash(randomToken(32));
    return this.prepared;
  }
}
