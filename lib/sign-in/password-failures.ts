import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { KnownDevices } from '../attempts/known-devices.js';
import type { ClientInfo } from '../common/client-address.js';
import { SECOND_MS } from '../common/duration.js';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Keyring } from '../keys/keyring.js';
import { askingBrowser } from '../mail/asking-browser.js';
import { Outbox, type NewLetter } from '../mail/outbox.js';
import { AuthSettings } from '../options/auth-settings.js';
import { clientFacts } from '../sessions/client-facts.js';

/** A password that let nobody in. */
export interface FailedPassword {
  /** Of its event, where it is recorded until it has been. Default: a new one. */
  readonly eventId?: string;
  /** Of whom the identifier is, if anybody. */
  readonly userId: string | undefined;
  /** As typed. */
  readonly identifier: string;
  readonly client: ClientInfo;
  readonly locale: string;
  readonly devices: KnownDevices;
  /** Whether it was counted for a browser that the account knows. */
  readonly byBrowser: boolean;
  /** Length of the lock that it began, else 0. */
  readonly lockedForMs: number;
  /** Default: `pwd`. */
  readonly method?: string;
  /** Whether the password was right, and the address has not been proven. */
  readonly unverified: boolean;
}

/** Events and mail that follow a failed password. */
@Injectable()
export class PasswordFailures {
  constructor(
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly keyring: Keyring,
    private readonly settings: AuthSettings,
  ) {}

  /** Inside `Database.write`. `stops`: it was the last of the failures in a row that an account takes. */
  async record(manager: EntityManager, failed: FailedPassword, stops: boolean): Promise<void> {
    const { lockedForMs, byBrowser, unverified, method = 'pwd' } = failed;
    const locks = lockedForMs > 0;
    const known = { method, knownBrowser: byBrowser };
    const details = unverified ? { ...known, reason: 'unverified' } : known;
    await this.note(manager, failed, 'sign_in.failed', details, failed.eventId);
    if (locks) await this.note(manager, failed, 'sign_in.locked', { lockedForSeconds: lockedForMs / SECOND_MS });
    if (stops) await this.note(manager, failed, 'sign_in.stopped', { knownBrowser: byBrowser });
    if (locks || stops) await this.outbox.add(manager, this.letter('unlock', failed, stops));
    if (this.settings.emailVerification !== 'required') return;
    // As many statements for every password, right or wrong.
    if (unverified) await this.outbox.add(manager, this.letter('unverified-sign-in', failed));
    else await this.outbox.addNothing(manager);
  }

  private note(
    manager: EntityManager,
    { userId, identifier, client }: FailedPassword,
    type: EventInput['type'],
    details: NonNullable<EventInput['details']>,
    id?: string,
  ): Promise<void> {
    const digest = this.keyring.identifierDigest(identifier);
    const whom = userId === undefined ? { identifier: digest } : { subjectId: userId };
    return this.events.record(manager, { ...whom, id, type, outcome: 'failure', client, details });
  }

  private letter(kind: NewLetter['kind'], failed: FailedPassword, stopped = false): NewLetter {
    const { userId, identifier: address, client, locale, devices } = failed;
    const data = { ...clientFacts(client), ...askingBrowser(devices), stopped };
    return { kind, address, locale, data, ...(userId === undefined ? {} : { userId }) };
  }
}
