import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { constantTimeEqual } from '../common/constant-time.js';
import { AuthSettings } from '../options/auth-settings.js';
import { PasswordHasher } from './password-hasher.js';
import { normalised } from './password-text.js';

/** Marks a hash whose input was keyed with our label; the bcrypt text follows. The shape of the PHC string format. */
const OURS = '$gatehouse$v=1';
const LABEL = 'gatehouse/password/v1';
const STORED = /^(\$gatehouse\$v=1)?\$2[aby]\$(\d{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
const LEAST_COST = 4;
// 2 s a hash. A stored text may not ask for more: cost 31 would hold a thread for days.
const MOST_COST = 15;

interface StoredHash {
  readonly ours: boolean;
  readonly cost: number;
  readonly salt: string;
  readonly digest: string;
}

/**
 * bcrypt at `passwords.cost` over `base64(HMAC-SHA-256("gatehouse/password/v1", NFC(password)))`: nothing is cut at 72
 * bytes or at NUL, and a hash leaked from elsewhere is no guess at ours. Stored as `$gatehouse$v=1$2b$12$<salt><digest>`.
 *
 * Plain `$2a$`, `$2b$` and `$2y$` hashes of an imported user table verify too, by their own rule: the first 72 bytes of
 * the UTF-8 text. Costs outside 4 to 15 do not.
 */
@Injectable()
export class BcryptPasswordHasher extends PasswordHasher {
  private readonly cost: number;

  constructor(settings: AuthSettings) {
    super();
    this.cost = settings.passwords.cost;
  }

  override async hash(password: string): Promise<string> {
    return OURS + (await this.bcrypt(keyed(password), bcrypt.genSaltSync(this.cost)));
  }

  override async verify(password: string, stored: string): Promise<boolean> {
    const hash = parse(stored);
    if (hash === undefined) {
      await this.bcrypt(keyed(password), bcrypt.genSaltSync(this.cost));
      return false;
    }
    const input = hash.ours ? keyed(password) : password;
    // The three revisions agree on texts below 255 bytes; `$2a$` of this library shortens longer ones, and `$2y$` it refuses.
    const made = await this.bcrypt(input, `$2b$${String(hash.cost).padStart(2, '0')}$${hash.salt}`);
    await this.pad(password, hash.cost);
    return constantTimeEqual(made.slice(-hash.digest.length), hash.digest);
  }

  override needsRehash(stored: string): boolean {
    const hash = parse(stored);
    return hash === undefined || !hash.ours || hash.cost < this.cost;
  }

  /** 2^c + (2^c + ... + 2^(C-1)) = 2^C: a cheaper hash answers in the time of a current one, so nobody is told apart by it. */
  private async pad(password: string, from: number): Promise<void> {
    for (let cost = from; cost < this.cost; cost++) {
      await this.bcrypt(keyed(password), bcrypt.genSaltSync(cost));
    }
  }

  /** One run of bcrypt, on a thread of the libuv pool. */
  protected bcrypt(input: string, salt: string): Promise<string> {
    return bcrypt.hash(input, salt);
  }
}

function keyed(password: string): string {
  return createHmac('sha256', LABEL).update(normalised(password), 'utf8').digest('base64');
}

function parse(stored: string): StoredHash | undefined {
  const match = STORED.exec(stored);
  if (match === null) return undefined;
  const [, marker, cost, salt, digest] = match;
  const rounds = Number(cost);
  if (rounds < LEAST_COST || rounds > MOST_COST || salt === undefined || digest === undefined) return undefined;
  return { ours: marker === OURS, cost: rounds, salt, digest };
}
