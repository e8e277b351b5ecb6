import { type JsonWebKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { StartUpError } from '../errors/start-up-error.js';
import { Keyring } from '../keys/keyring.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { TokenAlgorithm } from './jws.js';

/** A key that access tokens verify with. Its algorithm is its own: what a token says of it is compared, never followed. */
export interface TokenKey {
  readonly kid: string;
  readonly algorithm: TokenAlgorithm;
  readonly verifyKey: KeyObject;
  /** Epoch ms; `undefined`: no such moment. */
  readonly notAfter: number | undefined;
}

export interface SigningKey extends TokenKey {
  readonly signKey: KeyObject;
}

/** A JSON Web Key Set (RFC 7517 §5). */
export interface JsonWebKeySet {
  readonly keys: readonly PublishedKey[];
}

export type PublishedKey = JsonWebKey & { readonly kid: string; readonly alg: TokenAlgorithm; readonly use: 'sig' };

/** The keys of access tokens: the one that signs, and those that still or already verify. */
@Injectable()
export class TokenKeys {
  readonly #signing: SigningKey;
  readonly #byKid: ReadonlyMap<string, TokenKey>;
  readonly #clock: Clock;

  constructor(settings: AuthSettings, keyring: Keyring, clock: Clock) {
    this.#clock = clock;
    const { signingKey, acceptedKeys, acceptSecretUntil } = settings.tokens;
    // Those of the secret may go on verifying beside a key pair, so that a change from one to the other refuses nobody.
    const derived = keyring.accessTokenKeys().map(({ kid, key, notAfter }) => ({
      kid,
      algorithm: 'HS256' as const,
      verifyKey: key,
      signKey: key,
      notAfter: earlier(notAfter, signingKey && acceptSecretUntil),
    }));
    refuseShared(
      settings.tokens,
      derived.map(({ kid }) => kid),
    );
    const pair = signingKey && { ...signingKey, verifyKey: signingKey.publicKey, signKey: signingKey.privateKey };
    const accepted = acceptedKeys.map((key) => ({ ...key, verifyKey: key.publicKey }));
    this.#signing = pair ?? derived[0]!;
    const all: TokenKey[] = [...derived, ...accepted, ...(pair === undefined ? [] : [pair])];
    this.#byKid = new Map(all.map((key) => [key.kid, key]));
  }

  get signing(): SigningKey {
    return this.#signing;
  }

  /** The key of this id, unless its time is over. */
  find(kid: unknown): TokenKey | undefined {
    const key = typeof kid === 'string' ? this.#byKid.get(kid) : undefined;
    return key === undefined || this.isOver(key) ? undefined : key;
  }

  isOver({ notAfter }: TokenKey): boolean {
    return notAfter !== undefined && this.#clock.now() >= notAfter;
  }

  /** Whether others may verify, have verified or will verify tokens: whether there is any key pair, retired or not. */
  get hasKeyPairs(): boolean {
    return [...this.#byKid.values()].some(({ algorithm }) => algorithm !== 'HS256');
  }

  /** The public keys that others verify with; `undefined` when there is none: a symmetric key is nobody else's. */
  published(): JsonWebKeySet | undefined {
    const keys = [...this.#byKid.values()].filter((key) => key.algorithm !== 'HS256' && !this.isOver(key));
    return keys.length === 0 ? undefined : { keys: keys.map(published) };
  }
}

/** Of two keys under one id one would be found for the tokens of both, and refuse all those of the other. */
function refuseShared({ signingKey, acceptedKeys }: AuthSettings['tokens'], derived: readonly string[]): void {
  const given = [
    { path: 'tokens.signingKey.kid', kid: signingKey?.kid },
    ...acceptedKeys.map(({ kid }, index) => ({ path: `tokens.acceptedKeys[${index}].kid`, kid })),
  ];
  const problems = given
    .filter(({ kid }) => kid !== undefined && derived.includes(kid))
    .map(({ path }) => `${path}: is the id of a key that is derived from a secret: choose another.`);
  if (problems.length > 0) throw new StartUpError('the options are not valid.', problems);
}

function published({ kid, algorithm, verifyKey }: TokenKey): PublishedKey {
  return { ...verifyKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
