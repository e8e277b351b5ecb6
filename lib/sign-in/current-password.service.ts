import { Injectable } from '@nestjs/common';
import type { HashingOptions } from '../passwords/hashing-queue.js';
import { Passwords } from '../passwords/passwords.service.js';
import { UserDirectory } from '../users/user-directory.js';

/** Compares what a signed-in user types with the password of the account. Who counts the attempts is the caller. */
@Injectable()
export class CurrentPassword {
  constructor(
    private readonly users: UserDirectory,
    private readonly passwords: Passwords,
  ) {}

  /** Never for an account without a password. One hash for every answer. Throws `BUSY` (503). */
  async matches(userId: string, password: string, options: HashingOptions = {}): Promise<boolean> {
    const stored = await this.users.passwordHashOf(userId);
    return (await this.passwords.verify(password, stored, options)).matches;
  }
}
