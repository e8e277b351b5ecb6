import bcrypt from 'bcrypt';
import { randomToken } from '../common/random.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { HashPace } from './hash-pace.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordKeys, readStored } from './password-keys.js';
import { Argon2Scheme, type Argon2Library } from './schemes/argon2.scheme.js';
import { BcryptScheme } from './schemes/bcrypt.scheme.js';
import type { PasswordScheme, SchemeHash } from './schemes/password-scheme.js';
import { ScryptScheme } from './schemes/scrypt.scheme.js';
import { UncheckableHash } from './uncheckable-hash.js';

export const INSTALL_ARGON2 = 'passwords are stored with argon2: install @node-rs/argon2.';

/**
 * What the hashers have in common: each makes hashes of one scheme over the keyed password, and checks those of every
 * scheme, ours and imported ones. A check takes as long as the dearest hash that is in use, whatever is stored.
 */
export abstract class SchemePasswordHasher extends PasswordHasher {
  protected readonly bcryptScheme = new BcryptScheme((input, salt) => this.bcrypt(input, salt));
  protected readonly argon2Scheme = new Argon2Scheme(() => this.loadArgon2());
  private readonly schemes: readonly PasswordScheme[] = [this.bcryptScheme, new ScryptScheme(), this.argon2Scheme];
  readonly #keys: PasswordKeys;
  private readonly pace = new HashPace((share) => this.burn(share));

  constructor(settings: AuthSettings) {
    super();
    this.#keys = new PasswordKeys(settings);
  }

  /** Scheme and cost of `make`. */
  protected abstract readonly current: string;

  /** The text of a new hash. */
  protected abstract make(input: string): Promise<string>;

  /** A text like those of `make`. */
  protected makeDecoy(): Promise<string> {
    return this.make(randomToken(32));
  }

  /** Whether a text is of the scheme of `make`, and not cheaper. */
  protected abstract isUpToDate(hash: string): boolean;

  override async hash(password: string): Promise<string> {
    return this.#keys.marked(await this.make(this.#keys.newInput(password)));
  }

  /** A stored text of the current scheme and cost that is of no password anybody knows. */
  async decoy(): Promise<string> {
    return this.#keys.marked(await this.makeDecoy());
  }

  override async verify(password: string, stored: string): Promise<boolean> {
    const text = readStored(stored);
    const hash = text === undefined ? undefined : this.read(text.hash);
    if (text === undefined || hash === undefined) {
      await this.hash(password);
      await this.pace.fill(this.current);
      return false;
    }
    const { parameters } = hash;
    const input = this.#keys.input(password, text);
    const share = this.shareOf(text.hash);
    if (share !== undefined && parameters !== this.current) this.pace.note(parameters, share);
    const isKnown = share !== undefined || parameters === this.current;
    const check = (): Promise<boolean> => hash.matches(input);
    const matches = await (isKnown ? check() : this.pace.measured(parameters, check));
    await this.pace.fill(parameters);
    return matches;
  }

  override needsRehash(stored: string): boolean {
    const text = readStored(stored);
    return text === undefined || !this.#keys.isCurrent(text) || !this.isUpToDate(text.hash);
  }

  /** Does a share of the work of `make`, and answers which it has really done: at least the least that can be done. */
  protected abstract burn(share: number): Promise<number>;

  /** The work of a check as a share of that of `make`, where it is known without measuring. */
  protected shareOf(_hash: string): number | undefined {
    return undefined;
  }

  /** Whether hashes of argon2 can be checked. */
  async hasArgon2(): Promise<boolean> {
    return this.loadArgon2().then(
      () => true,
      () => false,
    );
  }

  /** One run of bcrypt, on a thread of the libuv pool. */
  protected bcrypt(input: string, salt: string): Promise<string> {
    return bcrypt.hash(input, salt);
  }

  /** The optional package that computes argon2. */
  protected async loadArgon2(): Promise<Argon2Library> {
    return import('@node-rs/argon2').catch(() => {
      throw new UncheckableHash(INSTALL_ARGON2);
    });
  }

  private read(hash: string): SchemeHash | undefined {
    for (const scheme of this.schemes) {
      const found = scheme.read(hash);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
