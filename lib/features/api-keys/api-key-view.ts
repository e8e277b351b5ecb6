import { keyStart } from './api-key-text.js';
import type { ApiKey } from './api-key.entity.js';

/** An API key as its owner is shown it. Neither the key nor its hash is in it. */
export interface ApiKeyView {
  /** Opens nothing. */
  readonly id: string;
  readonly name: string;
  /** How the key begins, to find it again. */
  readonly start: string;
  /** What it is limited to; `null`: to whatever its owner may be granted. */
  readonly scopes: readonly string[] | null;
  readonly paused: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** ISO 8601, exact to a minute; `null` while it has not been used. */
  readonly lastUsedAt: string | null;
  /** Client address of that use. */
  readonly lastUsedIp: string | null;
}

export interface ApiKeyPage {
  readonly items: readonly ApiKeyView[];
  readonly nextCursor: string | null;
}

/** A key at the one time at which it can be read. */
export interface CreatedApiKey extends ApiKeyView {
  readonly key: string;
}

export function viewOf(row: ApiKey): ApiKeyView {
  const { id, name, label, scopes, pausedAt, createdAt, expiresAt, lastUsedAt, lastUsedIp } = row;
  return {
    id,
    name,
    start: keyStart(label, id),
    scopes,
    paused: pausedAt !== null,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
    lastUsedIp,
  };
}
