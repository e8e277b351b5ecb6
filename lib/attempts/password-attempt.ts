import type { AttemptOutcome } from '../store/state-store.js';
import { ATTEMPT_BUDGETS } from './budgets.js';
import type { KnownDevice, KnownDevices } from './known-devices.js';
import type { AttemptKeys, CountedAccount } from './attempt-keys.js';
import type { Reservations } from './reservations.js';

/** The account that a password is tried on: what the client typed, and whose it is, if anybody's. */
export interface AttemptedAccount {
  readonly account: CountedAccount | undefined;
  readonly identifier: string;
}

export interface SettledAttempt {
  /** Length of the lock on the account that this very attempt started, else 0. */
  readonly lockedForMs: number;
}

/** @internal */
export interface PasswordAttemptParts {
  readonly keys: AttemptKeys;
  readonly reservations: Reservations;
  readonly address: string;
  readonly devices: KnownDevices;
}

/**
 * One password that is being tried. Begin the address, resolve the account, begin the account, check the password,
 * settle. Made by `PasswordAttempts`.
 */
export class PasswordAttempt {
  private knownDevice: KnownDevice | undefined;
  private secretKey: string | undefined;

  /** @internal */
  constructor(private readonly parts: PasswordAttemptParts) {}

  /**
   * The browser that the attempt is counted for instead of account and address; `undefined` when it is not known to the
   * account, or has spent its own budget. Known once the account has begun.
   */
  get device(): KnownDevice | undefined {
    return this.knownDevice;
  }

  /**
   * Reserves one attempt on the account, or on the browser if it is known to this very account. Throws
   * `TOO_MANY_ATTEMPTS` (429) with nothing left reserved. An identifier of nobody is counted and locked as any other.
   */
  async beginAccount({ account, identifier }: AttemptedAccount): Promise<void> {
    const { keys, reservations, devices } = this.parts;
    const key = account === undefined ? keys.identifier(identifier) : keys.account(account);
    const device = account === undefined ? undefined : devices.deviceFor(account.userId);
    if (device !== undefined && (await this.beginDevice(device))) return;
    if (!devices.isEmpty) await this.beginAddress();
    await reservations.reserve({ subject: 'account', key, budget: ATTEMPT_BUDGETS.passwordByAccount });
    this.secretKey = key;
  }

  /**
   * Ends the attempt: `wrong` when the check failed, `right` when it passed, `no-verdict` when it never finished (busy,
   * store or database error, client gone). The first call counts, later ones do nothing: a `finally` may settle
   * `no-verdict` whatever happened before.
   */
  async settle(outcome: AttemptOutcome): Promise<SettledAttempt> {
    const settled = await this.parts.reservations.settle(outcome);
    return { lockedForMs: settled.find(({ subject }) => subject === 'account')?.lockedForMs ?? 0 };
  }

  /** Names the budget that the attempt is counted in, once the account has begun: for `PasswordAttempts.forget`. */
  get budget(): string | undefined {
    return this.secretKey;
  }

  /** @internal */
  async beginAddress(): Promise<void> {
    for (const reservation of this.parts.keys.addresses(this.parts.address)) {
      await this.parts.reservations.reserve(reservation);
    }
  }

  /** Whether the attempt is counted for the browser. One that has spent its budget is as unknown as any. */
  private async beginDevice(device: KnownDevice): Promise<boolean> {
    const { keys, reservations } = this.parts;
    const key = keys.device(device);
    const refusal = await reservations.tryReserve({ subject: 'device', key, budget: ATTEMPT_BUDGETS.passwordByDevice });
    if (refusal?.reason === 'locked') return false;
    if (refusal !== undefined) await reservations.refuse(refusal);
    this.knownDevice = device;
    this.secretKey = key;
    return true;
  }
}
