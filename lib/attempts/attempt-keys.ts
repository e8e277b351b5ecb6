import { addressNetwork, addressSupernet, networkMatcher } from '../common/client-address.js';
import { canonicalIdentifier, isEmailAddress } from '../common/email-address.js';
import type { Keyring } from '../keys/keyring.js';
import type { BucketBudget } from '../store/state-store.js';
import { ATTEMPT_BUDGETS, SHARED_ADDRESS_FACTOR, SUPERNET_FACTOR, type AttemptBudgetName } from './budgets.js';
import type { KnownDevice } from './known-devices.js';
import type { Reservation } from './reservations.js';

/** Names of the counters of password attempts, `gh:attempt:<budget>:<whose>`. No e-mail address or user name is in any. */
export class AttemptKeys {
  private readonly isShared: (address: string) => boolean;

  constructor(
    private readonly keyring: Keyring,
    sharedAddresses: readonly string[],
  ) {
    this.isShared = networkMatcher(sharedAddresses);
  }

  /** By the user's id, so that all identifiers of one account share its budget. */
  account(userId: string): string {
    return key('passwordByAccount', `u:${userId}`);
  }

  /** By keyed hash, for an identifier that is nobody's. */
  identifier(identifier: string): string {
    // As the look-up compares them: addresses without regard to case, other identifiers exactly.
    const compared = isEmailAddress(identifier) ? canonicalIdentifier(identifier) : identifier.trim();
    return key('passwordByAccount', `i:${this.keyring.digest('identifier', compared)}`);
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
}

function bucket(network: string, factor: number): Reservation {
  const { kind, limit, refillMs } = ATTEMPT_BUDGETS.passwordByAddress;
  const budget: BucketBudget = { kind, limit: limit * factor, refillMs: refillMs / factor };
  return { subject: 'address', key: key('passwordByAddress', network), budget };
}

function key(budget: AttemptBudgetName, whose: string): string {
  return `gh:attempt:${budget}:${whose}`;
}
