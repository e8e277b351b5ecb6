import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { constantTimeEqual } from '../common/constant-time.js';
import { randomToken } from '../common/random.js';
import { AuthSettings } from '../options/auth-settings.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { refuseInProduction } from './refuse-in-production.js';

/** Hashes in microseconds, and so protects nothing. Refuses to be made in production. */
@Injectable()
export class FastPasswordHasher extends PasswordHasher {
  constructor(settings: AuthSettings) {
    super();
    refuseInProduction(settings, 'FastPasswordHasher');
  }

  override hash(password: string): Promise<string> {
    return Promise.resolve(salted(password, randomToken()));
  }

  override verify(password: string, stored: string): Promise<boolean> {
    const [, , salt = ''] = stored.split('$');
    return Promise.resolve(constantTimeEqual(salted(password, salt), stored));
  }

  override needsRehash(): boolean {
    return false;
  }
}

function salted(password: string, salt: string): string {
  const digest = createHash('sha256')
    .update(`${salt}$${password.normalize('NFC')}`)
    .digest('base64url');
  return `$test$${salt}$${digest}`;
}
