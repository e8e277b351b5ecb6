import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { constantTimeEqual } from '../common/constant-time.js';
import { StartUpError } from '../errors/start-up-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { PasswordHasher } from '../passwords/password-hasher.js';

/** Hashes in microseconds, and so protects nothing. Refuses to be made in production. */
@Injectable()
export class FastPasswordHasher extends PasswordHasher {
  constructor({ environment }: AuthSettings) {
    super();
    if (environment !== 'production') return;
    throw new StartUpError('FastPasswordHasher is for tests.', [
      'overrides: leave PasswordHasher to the default in production.',
    ]);
  }

  override hash(password: string): Promise<string> {
    return Promise.resolve(`$test$${createHash('sha256').update(password.normalize('NFC')).digest('base64url')}`);
  }

  override async verify(password: string, stored: string): Promise<boolean> {
    return constantTimeEqual(await this.hash(password), stored);
  }

  override needsRehash(): boolean {
    return false;
  }
}
