import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../common/client-address.js';
import { Keyring } from '../keys/keyring.js';
import { AuthSettings } from '../options/auth-settings.js';
import { StateStore } from '../store/state-store.js';
import { AttemptKeys, type CountedAccount } from './attempt-keys.js';
import { ATTEMPT_BUDGETS } from './budgets.js';
import type { KnownDevices } from './known-devices.js';
import { PasswordAttempt } from './password-attempt.js';
import { Reservations } from './reservations.js';

/**
 * Counts wrong passwords. An attempt is reserved before the password is looked at and settled by what came of it, so that
 * of any number of guesses at once no more than the budget are checked, and right passwords never count.
 */
@Injectable()
export class PasswordAttempts {
  private readonly keys: AttemptKeys;

  constructor(
    private readonly store: StateStore,
    keyring: Keyring,
    settings: AuthSettings,
  ) {
    this.keys = new AttemptKeys(keyring, settings.attempts.sharedAddresses);
  }

  /** Forgets failures, rounds and lock of an account's own budget: when its owner has proved to be there. */
  unlock(account: CountedAccount): Promise<void> {
    return this.store.clear(this.keys.account(account));
  }

  /**
   * How long no password of the account is taken from unknown browsers, in ms; 0 while one is. Counts nothing: what it
   * reserves to see that is given back at once.
   */
  async lockedForMs(account: CountedAccount): Promise<number> {
    const key = this.keys.account(account);
    const begin = await this.store.attemptBegin(key, ATTEMPT_BUDGETS.passwordByAccount);
    if (!begin.allowed) return begin.reason === 'locked' ? begin.retryAfterMs : 0;
    await this.store.attemptEnd(key, ATTEMPT_BUDGETS.passwordByAccount, 'no-verdict', begin.window);
    return 0;
  }

  /**
   * After the last factor: forgets failures, rounds and lock of the budget that an attempt came through, the account's or
   * the browser's. Never the address's, or an own account would buy more guesses at others.
   */
  forget(budget: string): Promise<void> {
    return this.store.clear(budget);
  }

  /**
   * Begins an attempt on the client's address, before the account is resolved. A request whose device cookie lists any
   * account begins on the address only after that, and not at all if the cookie lists the account in question: a known
   * browser neither uses nor needs the budget of its address. Throws `TOO_MANY_ATTEMPTS` (429).
   *
   * @example
   * const attempt = await attempts.begin(client, deviceCookie.read(value));
   * try {
   *   const account = await resolve(identifier);
   *   await attempt.beginAccount({ account, identifier });
   *   const right = await verify(account, password);
   *   await attempt.settle(right ? 'right' : 'wrong');
   * } finally {
   *   await attempt.settle('no-verdict');
   * }
   */
  async begin({ address }: ClientInfo, devices: KnownDevices): Promise<PasswordAttempt> {
    const attempt = new PasswordAttempt({
      keys: this.keys,
      reservations: new Reservations(this.store),
      address,
      devices,
    });
    if (devices.isEmpty) await attempt.beginAddress();
    return attempt;
  }
}
