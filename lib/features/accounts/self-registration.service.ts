import { Injectable } from '@nestjs/common';
import type { KnownDevices } from '../../attempts/known-devices.js';
import type { ClientInfo } from '../../common/client-address.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { AuthHooks } from '../../hooks/auth-hooks.js';
import { withinDeadline } from '../../hooks/within-deadline.js';
import { askingBrowser } from '../../mail/asking-browser.js';
import { Outbox } from '../../mail/outbox.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { Passwords } from '../../passwords/passwords.service.js';
import { RegistrationForm } from './registration-form.js';
import { UserWriter, type NewUser, type Outcome } from '../../registration/user-writer.service.js';

export interface RegistrationRequest {
  readonly body: unknown;
  readonly client: ClientInfo;
  /** Of the mail that comes of it. */
  readonly locale: string;
  readonly devices: KnownDevices;
  readonly gone: AbortSignal;
}

/** Registering from outside. The answer is the same for new and taken addresses, and takes as long. */
@Injectable()
export class SelfRegistration {
  constructor(
    private readonly form: RegistrationForm,
    private readonly hooks: AuthHooks,
    private readonly passwords: Passwords,
    private readonly writer: UserWriter,
    private readonly outbox: Outbox,
    private readonly events: EventRecorder,
    private readonly settings: AuthSettings,
  ) {}

  /** Throws for what the request itself shows (`VALIDATION_FAILED`, `PASSWORD_REJECTED`) and for a hook's refusal. */
  async register({ body, client, locale, devices, gone }: RegistrationRequest): Promise<void> {
    if (!this.settings.registration.enabled) throw new AuthError('NOT_FOUND');
    const { email, password, fields } = await this.form.parse(body);
    const { address } = client;
    const allowed = await withinDeadline(() => this.hooks.beforeRegister({ email, fields, address }));
    if (allowed === false) return this.refuse(client);
    const passwordHash = await this.passwords.hash(password, { signal: gone });
    const user: NewUser = {
      email,
      passwordHash,
      emailVerified: false,
      roles: this.settings.roles.default,
      fields,
    };
    await this.writer.register(user, async (manager, { userId, repeated }: Outcome) => {
      const data = { repeated, ...askingBrowser(devices) };
      await this.outbox.add(manager, { kind: 'registration', address: email, locale, data });
      const type = repeated ? 'account.registration_repeated' : 'account.registered';
      await this.events.record(manager, { type, subjectId: userId, client });
    });
  }

  private async refuse(client: ClientInfo): Promise<never> {
    await this.events.write({ type: 'account.registration_refused', outcome: 'failure', client });
    throw new AuthError('FORBIDDEN');
  }
}
