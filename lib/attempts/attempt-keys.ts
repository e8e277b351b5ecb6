import { addressNetwork, addressSupernet, networkMatcher } from '../common/client-address.js';
import { canonicalIdentifier } from '../common/email-address.js';
import type { Keyring } from '../keys/keyring.js';
import type { BucketBudget } from '../store/state-store.js';
import { ATTEMPT_BUDGETS, SHARED_ADDRESS_FACTOR, SUPERNET_FACTOR, type AttemptBudgetName } from './budgets.js';
import type { KnownDevice } from './known-devices.js';
import type { Reservation } from './reservations.js';

/** The account that attempts are counted for. */
export interface CountedAccount {
  readonly userId: string;
  /** Empty for one of the application's own table that has no address. */
  readonly emailCanonical: string;
}

/** Names of the counters of password attempts, `gh:attempt:<budget>:<whose>`. No e-mail address or user name is in any. */
export class AttemptKeys {
  private readonly isShared: (address: string) => boolean;

  constructor(
    private readonly keyring: Keyring,
    sharedAddresses: readonly string[],
  ) {
    this.isShared = networkMatcher(sharedAddresses);
  }

  /**
   * By keyed hash of the account's address, so that all identifiers of one account share its budget, and an address keeps
   * the one that it had while it was nobody's: whoever registers it learns nothing by what is left of it.
   */
  account({ userId, emailCanonical }: CountedAccount): string {
    // Accounts without an address must not share one budget.
    return emailCanonical === '' ? key('passwordByAccount', `u:${userId}`) : this.hashed(emailCanonical);
  }

  /** The same for what was typed, where it is nobody's. */
  identifier(identifier: string): string {
    // As the look-up compares them: whatever may find an address in its canonical form, other identifiers exactly.
    return this.hashed(identifier.includes('@') ? canonicalIdentifier(identifier) : identifier.trim());
  }

  device({ deviceId, userId }: KnownDevice): string {
    return key('passwordByDevice', `${deviceId}:${userId}`);
  }

  /** The buckets of an address, narrowest first: a refusal there must not take from a neighbour's wider one. */
  addresses(address: string): readonly Reservation[] {
    const factor = this.isShared(address) ? SHARED_ADDRESS_FACTOR : 1;
    const supernet = addressSupernet(address);
    const narrow = bucket(addressNetwork(address), factor);
    return supernet === undefined ? [narrow] : [narrow, bucket(supernet, factor * SUPERNET_FACTOR)];
  }

  private hashed(compared: string): string {
    return key('passwordByAccount', `i:${this.keyring.digest('identifier', compared)}`);
  }
}

function bucket(network: string, factor: number): Reservation {
  const { kind, limit, refillMs } = ATTEMPT_BUDGETS.passwordByAddress;
  const budget: BucketBudget = { kind, limit: limit * factor, refillMs: refillMs / factor };
  return { subject: 'address', key: key('passwordByAddress', network), budget };
}

function key(budget: AttemptBudgetName, whose: string): string {
  return `gh:attempt:${budget}:${whose}`;
}
