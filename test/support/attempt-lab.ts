import { setImmediate } from 'node:timers/promises';
import { KnownDevices } from '../../lib/attempts/known-devices.js';
import type { PasswordAttempt } from '../../lib/attempts/password-attempt.js';
import { PasswordAttempts } from '../../lib/attempts/password-attempts.service.js';
import { Clock } from '../../lib/common/clock.js';
import { AuthError } from '../../lib/errors/auth-error.js';
import { Keyring } from '../../lib/keys/keyring.js';
import type { AuthSettings } from '../../lib/options/auth-settings.js';
import { MemoryStateStore } from '../../lib/store/memory-state-store.js';
import type { AttemptOutcome, StateStore } from '../../lib/store/state-store.js';

export class ManualClock extends Clock {
  private time = 1_800_000_000_000;

  override now(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}

export interface Try {
  /** Of an account whose address is `<userId>@example.com`. */
  readonly userId?: string;
  readonly identifier?: string;
  readonly address?: string;
  readonly devices?: KnownDevices;
}

/** `checked`, or `Retry-After` in seconds. */
export type TryResult = 'checked' | number;

export const STRANGER = new KnownDevices([]);
export const OWNER = { userId: 'u1', identifier: 'u1@example.com' };

/** Tries passwords as a sign-in does, against the real counters and a clock that the test moves. */
export class AttemptLab {
  readonly attempts: PasswordAttempts;

  constructor(
    readonly clock: ManualClock = new ManualClock(),
    { store, shared = [] }: { store?: StateStore; shared?: readonly string[] } = {},
  ) {
    const values = {
      secret: 'v7Qk2mXw9TzR4bNc8JpL6hYd3FsG5aUe',
      secrets: {},
      acceptedSecrets: [],
      attempts: { sharedAddresses: shared },
    };
    const settings = values as unknown as AuthSettings;
    this.attempts = new PasswordAttempts(store ?? new MemoryStateStore(clock), new Keyring(settings, clock), settings);
  }

  async begin({ userId, identifier = 'x@example.com', address = '192.0.2.1', devices = STRANGER }: Try) {
    const attempt = await this.attempts.begin({ address, userAgent: '' }, devices);
    const account = userId === undefined ? undefined : { userId, emailCanonical: `${userId}@example.com` };
    await attempt.beginAccount({ account, identifier });
    return attempt;
  }

  async try(outcome: AttemptOutcome, by: Try): Promise<TryResult> {
    let attempt: PasswordAttempt;
    try {
      attempt = await this.begin(by);
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'TOO_MANY_ATTEMPTS') throw error;
      return Number(error.headers['Retry-After']);
    }
    await setImmediate();
    await attempt.settle(outcome);
    return 'checked';
  }

  async inTurn(count: number, outcome: AttemptOutcome, by: Try): Promise<TryResult[]> {
    const results: TryResult[] = [];
    for (let index = 0; index < count; index += 1) results.push(await this.try(outcome, by));
    return results;
  }

  atOnce(count: number, outcome: AttemptOutcome, by: (index: number) => Try): Promise<TryResult[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => this.try(outcome, by(index))));
  }

  /** Wrong passwords for invented names, at once. */
  spray(count: number, names: string, address?: string | ((index: number) => string)): Promise<TryResult[]> {
    return this.atOnce(count, 'wrong', (index) => ({
      identifier: `${names}${index}@example.com`,
      ...(address === undefined ? {} : { address: typeof address === 'string' ? address : address(index) }),
    }));
  }
}

export function checkedIn(results: readonly TryResult[]): number {
  return results.filter((result) => result === 'checked').length;
}

/** What `count` checked tries in turn look like. */
export function allChecked(count: number): TryResult[] {
  return new Array<TryResult>(count).fill('checked');
}
