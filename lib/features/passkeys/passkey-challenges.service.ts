import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { MINUTE_MS } from '../../common/duration.js';
import { randomToken } from '../../common/random.js';
import { Keyring } from '../../keys/keyring.js';
import { StateStore } from '../../store/state-store.js';

/** How long a challenge may be answered, and how long the browser is told to wait. */
export const CHALLENGE_LIFE_MS = 5 * MINUTE_MS;

/** What a challenge is good for. One of one purpose is none of another. */
export type ChallengePurpose = 'registration' | 'sign-in' | 'second-factor' | 'reauthentication';

/** A challenge of ours that is in time. */
export interface OpenedChallenge {
  /** 128 random bits. */
  readonly id: string;
}

interface IssuedChallenge extends OpenedChallenge {
  readonly issuedAt: number;
}

/**
 * Challenges that nothing is stored for until they are used: each carries its random bits, its time and a MAC over both, its
 * purpose and its subject. So anybody may ask for as many as he likes.
 */
@Injectable()
export class PasskeyChallenges {
  constructor(
    private readonly keyring: Keyring,
    private readonly store: StateStore,
    private readonly clock: Clock,
  ) {}

  /** `subject` is whom or what it is bound to: a session, a sign-in that waits, a browser. */
  issue(purpose: ChallengePurpose, subject: string): string {
    const id = randomToken();
    const issuedAt = this.clock.now();
    const mac = this.keyring.sign('passkey-challenge', signed(purpose, subject, id, issuedAt));
    return [id, issuedAt, mac].join('.');
  }

  /**
   * A challenge as it comes back, base64url in the client data. `undefined` for one that is none of ours, for another
   * purpose or subject, too old, or from before the state store was last connected: what had been used by then may have
   * been forgotten.
   */
  open(presented: string, purpose: ChallengePurpose, subject: string): OpenedChallenge | undefined {
    const issued = this.read(presented, purpose, subject);
    if (issued === undefined) return undefined;
    const { id, issuedAt } = issued;
    if (issuedAt + CHALLENGE_LIFE_MS <= this.clock.now() || issuedAt < this.store.connectedAt()) return undefined;
    return { id };
  }

  /** Whether we have issued it for this purpose and subject, in time or not. */
  isOurs(presented: string, purpose: ChallengePurpose, subject: string): boolean {
    return this.read(presented, purpose, subject) !== undefined;
  }

  /** After what answered it was verified, and before anything comes of it: of any number of callers at once one gets `true`. */
  use({ id }: OpenedChallenge): Promise<boolean> {
    return this.store.setIfAbsent(`gh:passkey:used:${id}`, '1', CHALLENGE_LIFE_MS);
  }

  /** The MAC is compared in constant time. */
  private read(presented: string, purpose: ChallengePurpose, subject: string): IssuedChallenge | undefined {
    const text = Buffer.from(presented, 'base64url').toString('utf8');
    const [id = '', time = '', ...mac] = text.split('.');
    const issuedAt = Number(time);
    const isSigned = this.keyring.verify('passkey-challenge', mac.join('.'), signed(purpose, subject, id, issuedAt));
    return isSigned ? { id, issuedAt } : undefined;
  }
}

function signed(purpose: ChallengePurpose, subject: string, id: string, issuedAt: number): string {
  return JSON.stringify([purpose, subject, id, issuedAt]);
}
