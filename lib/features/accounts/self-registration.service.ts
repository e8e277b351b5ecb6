import { Injectable } from '@nestjs/common';
import { AuthError } from '../../errors/auth-error.js';
import { AuthHooks } from '../../hooks/auth-hooks.js';
import { withinDeadline } from '../../hooks/within-deadline.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { Passwords } from '../../passwords/passwords.service.js';
import { RegistrationForm } from './registration-form.js';
import { UserWriter } from './user-writer.service.js';

/** Registering from outside. The answer is the same for new and taken addresses, and takes as long. */
@Injectable()
export class SelfRegistration {
  constructor(
    private readonly form: RegistrationForm,
    private readonly hooks: AuthHooks,
    private readonly passwords: Passwords,
    private readonly writer: UserWriter,
    private readonly settings: AuthSettings,
  ) {}

  /** Throws for what the request itself shows (`VALIDATION_FAILED`, `PASSWORD_REJECTED`) and for a hook's refusal. */
  async register(body: unknown, address: string, gone: AbortSignal): Promise<void> {
    if (!this.settings.registration.enabled) throw new AuthError('NOT_FOUND');
    const { email, password, fields } = await this.form.parse(body);
    const allowed = await withinDeadline(() => this.hooks.beforeRegister({ email, fields, address }));
    if (allowed === false) throw new AuthError('FORBIDDEN');
    const passwordHash = await this.passwords.hash(password, { signal: gone });
    const { default: roles } = this.settings.roles;
    await this.writer.create({ email, passwordHash, emailVerified: false, roles, fields });
  }
}
