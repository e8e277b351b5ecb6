import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { randomToken } from '../common/random.js';
import { AuthError } from '../errors/auth-error.js';
import { StateStore } from '../store/state-store.js';
import { PENDING_LIFE_MS, type FoundSignIn, type PendingSignIn } from './pending-sign-in.js';

const HANDLE_BYTES = 32;
/**
 * Pending sign-ins of an account at once: from each browser that is known to it, and from all others together. Each first
 * factor has its own: whoever has the password keeps no mailed link from being used.
 */
const PLACES = { known: 5, unknown: 20 } as const;

interface Stored extends PendingSignIn {
  /** Hash of what the browser holds that began it; `null` in token delivery. */
  readonly binding: string | null;
  readonly place: string;
}

export interface BegunSignIn {
  /** 256 random bits, for the client. */
  readonly challenge: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/**
 * Sign-ins that wait for their second factor, in the state store. What stands there cannot finish one: it holds the hash of
 * the challenge, and in cookie delivery the hash of what the browser holds besides.
 */
@Injectable()
export class PendingSignIns {
  constructor(
    private readonly store: StateStore,
    private readonly clock: Clock,
  ) {}

  /** Throws `TOO_MANY_ATTEMPTS` (429) when too many of the account wait already. */
  async begin(pending: PendingSignIn, binding: string | undefined): Promise<BegunSignIn> {
    const challenge = randomToken(HANDLE_BYTES);
    const id = idOf(challenge);
    const place = await this.takePlace(pending, id);
    const stored: Stored = { ...pending, binding: binding ?? null, place };
    await this.store.set(keyOf(id), JSON.stringify(stored), PENDING_LIFE_MS);
    return { challenge, expiresAt: this.clock.now() + PENDING_LIFE_MS };
  }

  /** The sign-in that waits, for the browser that began it; `undefined` when it is over, finished or another's. */
  async find(challenge: string, binding: string | undefined): Promise<FoundSignIn | undefined> {
    const id = idOf(challenge);
    const text = await this.store.get(keyOf(id));
    if (text === null) return undefined;
    const { binding: bound, place: _place, ...pending } = JSON.parse(text) as Stored;
    return bound === null || bound === binding ? { ...pending, id } : undefined;
  }

  /** Takes it: of any number of callers at once one gets `true`. */
  async take({ id }: FoundSignIn): Promise<boolean> {
    const text = await this.store.take(keyOf(id));
    if (text === null) return false;
    await this.store.delete((JSON.parse(text) as Stored).place);
    return true;
  }

  private async takePlace(pending: PendingSignIn, id: string): Promise<string> {
    const places = placesOf(pending);
    const taken = await this.store.getMany(places);
    for (const [index, place] of places.entries()) {
      if (taken[index] === null && (await this.store.setIfAbsent(place, id, PENDING_LIFE_MS))) return place;
    }
    throw new AuthError('TOO_MANY_ATTEMPTS', { retryAfterMs: PENDING_LIFE_MS });
  }
}

function idOf(challenge: string): string {
  return createHash('sha256').update(`gatehouse/pending-sign-in/v1\0${challenge}`).digest('base64url');
}

function keyOf(id: string): string {
  return `gh:pending:${id}`;
}

function placesOf({ userId, knownDevice, methods: [first = ''] }: PendingSignIn): string[] {
  const tag = Buffer.from(userId, 'utf8').toString('base64url');
  const whose = knownDevice === undefined ? 'u' : `d:${knownDevice}`;
  const length = knownDevice === undefined ? PLACES.unknown : PLACES.known;
  return Array.from({ length }, (_, index) => `gh:pending-place:{${tag}}:${first}:${whose}:${index}`);
}
