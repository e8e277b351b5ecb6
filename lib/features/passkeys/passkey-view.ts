import type { Passkey } from './passkey.entity.js';

/** A passkey as its owner is shown it. */
export interface PasskeyView {
  /** Signs nobody in. */
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601; `null` while it has not been used. */
  readonly lastUsedAt: string | null;
  /** Whether it may be kept in an account of its vendor, and so be on several devices. */
  readonly synced: boolean;
  /** Whether it was kept there when it was last used. */
  readonly backedUp: boolean;
  /** Its counter went back, so it is refused: remove it. */
  readonly cloned: boolean;
}

export function viewOf({ id, name, createdAt, lastUsedAt, deviceType, backedUp, clonedAt }: Passkey): PasskeyView {
  return {
    id,
    name,
    createdAt: new Date(createdAt).toISOString(),
    lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
    synced: deviceType === 'multiDevice',
    backedUp,
    cloned: clonedAt !== null,
  };
}
