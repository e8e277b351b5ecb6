import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/duration.js';
import { randomToken } from '../common/random.js';
import { AuthError } from '../errors/auth-error.js';
import { StateStore } from '../store/state-store.js';
import { isWithinLife, type LiveSession } from './live-session.js';
import { SessionLoader, TOUCH_EVERY_MS } from './session-loader.js';
import { VersionCleanup } from './version-cleanup.js';

interface Snapshot<T = LiveSession> {
  readonly version: string;
  readonly loadedAt: number;
  /** `null`: it is dead. */
  readonly session: T | null;
  /** Whether it was loaded by a look-up that is no activity, so that `lastSeenAt` may wait to be written. */
  readonly quiet?: boolean;
}

export interface FindOptions {
  /** Default `true`. */
  readonly touch?: boolean;
}

export interface ChangeOptions {
  /**
   * The change only takes power away and can be repeated (logout, revoke, disable, delete): when the state store is down
   * it is committed all the same, and answered 503.
   */
  readonly takesAway?: boolean;
}

const CHANGING = 'changing';
const VERSION_TTL_MS = 10 * MINUTE_MS;
const SNAPSHOT_TTL_MS = MINUTE_MS;
const CHANGING_TTL_MS = 30 * SECOND_MS;
/** A commit later than this after the marker was set is rolled back, so that none outlives its marker. */
const COMMIT_WITHIN_MS = 20 * SECOND_MS;

/**
 * Answers "is this session live, and what may it do" with one state-store command and no SQL, and never with what was true
 * before an acknowledged change.
 *
 * Each user has one version: a random value, or the word `changing`. A snapshot counts only while it names the current
 * version. A change overwrites the version before it commits and deletes it after; random values are never used twice, so
 * whatever a slow reader loaded before the commit names a version that nobody will read again.
 */
@Injectable()
export class SessionCache {
  private readonly logger = new Logger('Gatehouse');
  private readonly listeners = new Set<(userId: string) => void>();

  constructor(
    private readonly store: StateStore,
    private readonly loader: SessionLoader,
    private readonly cleanup: VersionCleanup,
    private readonly clock: Clock,
  ) {}

  /**
   * The live session, or `undefined`. With `touch: false` a look-up is no activity: `lastSeenAt` is not written. Throws
   * `STORE_UNAVAILABLE` when the store or, on a miss, the database is down.
   */
  async find(userId: string, sid: string, { touch = true }: FindOptions = {}): Promise<LiveSession | undefined> {
    const { 0: version = null, 1: cached = null } = await this.store.getMany(keysOf(userId, `s:${sid}`));
    const believed = this.believable<LiveSession>(cached, version);
    const snapshot = believed !== undefined && touch && this.owesTouch(believed) ? undefined : believed;
    const session = snapshot === undefined ? await this.load(userId, sid, version, touch) : snapshot.session;
    if (session === null || session === undefined) return undefined;
    const now = this.clock.now();
    if (isWithinLife(session, now)) return session;
    // A snapshot does not learn that its session was used since, by a refresh or on another node.
    const mayHaveBeenUsed = snapshot !== undefined && now < session.expiresAt;
    return mayHaveBeenUsed ? this.load(userId, sid, version, touch) : undefined;
  }

  /**
   * What `load` has found out about something else that a user holds, such as an API key: remembered as sessions are, and
   * forgotten by the same changes. `name` names it among what the user holds. Time limits are the caller's to compare.
   * Throws `STORE_UNAVAILABLE` when the store or, on a miss, the database is down.
   */
  async findHeld<T extends object>(
    userId: string,
    name: string,
    load: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const keys = keysOf(userId, name);
    const { 0: version = null, 1: cached = null } = await this.store.getMany(keys);
    const snapshot = this.believable<T>(cached, version);
    return snapshot === undefined ? this.loadInto(keys[1], userId, version, load) : (snapshot.session ?? undefined);
  }

  /**
   * Carries out what alters sessions of these users: roles, disabling, passwords, revocation. `work` commits before
   * `commitBefore`; when this returns, the next request on every node sees the change.
   */
  async change<T>(
    userIds: readonly string[],
    work: (commitBefore: number) => Promise<T>,
    { takesAway = false }: ChangeOptions = {},
  ): Promise<T> {
    const begun = this.clock.now();
    const marked = await this.mark(userIds, takesAway);
    // When the outcome is unknown the marker stays: until it lapses the sessions are read from the database.
    const result = await work(begun + COMMIT_WITHIN_MS);
    await Promise.all(userIds.map((userId) => this.forget(userId)));
    if (!marked) throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS });
    return result;
  }

  /** Makes every snapshot of the user worthless, after a commit that no marker announced. */
  async forget(userId: string): Promise<void> {
    await this.cleanup.delete(versionKey(userId));
    for (const listener of this.listeners) listener(userId);
  }

  /** Calls the listener after every change of a user's sessions that this process has made. Returns what ends that. */
  onChange(listener: (userId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async mark(userIds: readonly string[], takesAway: boolean): Promise<boolean> {
    try {
      await Promise.all(userIds.map((userId) => this.store.set(versionKey(userId), CHANGING, CHANGING_TTL_MS)));
      return true;
    } catch (error) {
      if (!takesAway) throw error;
      this.logger.error(
        'State store unavailable: a revocation is committed and reaches the cache when the store is back',
      );
      return false;
    }
  }

  private believable<T>(cached: string | null, version: string | null): Snapshot<T> | undefined {
    if (cached === null || version === null || version === CHANGING) return undefined;
    const snapshot = JSON.parse(cached) as Snapshot<T>;
    if (snapshot.version !== version) return undefined;
    if (this.clock.now() >= snapshot.loadedAt + SNAPSHOT_TTL_MS) return undefined;
    // The store may have come back with older data than it had.
    return snapshot.loadedAt < this.store.connectedAt() ? undefined : snapshot;
  }

  /** Without this a session that is looked at in between would idle out in spite of its requests. */
  private owesTouch({ quiet = false, session }: Snapshot): boolean {
    return quiet && session !== null && this.clock.now() - session.lastSeenAt > TOUCH_EVERY_MS;
  }

  private load(userId: string, sid: string, seen: string | null, touch: boolean): Promise<LiveSession | undefined> {
    const load = (): Promise<LiveSession | undefined> => this.loader.load(userId, sid, touch);
    return this.loadInto(snapshotKey(userId, sid), userId, seen, load, touch ? {} : { quiet: true });
  }

  private async loadInto<T>(
    key: string,
    userId: string,
    seen: string | null,
    load: () => Promise<T | undefined>,
    marks: Pick<Snapshot, 'quiet'> = {},
  ): Promise<T | undefined> {
    const begun = this.clock.now();
    const connectedAt = this.store.connectedAt();
    const version = seen ?? (await this.establish(userId));
    const found = await load();
    if (version !== null && version !== CHANGING && this.store.connectedAt() === connectedAt && isKept(found)) {
      const snapshot: Snapshot<T> = { version, loadedAt: begun, session: found ?? null, ...marks };
      await this.fill(key, snapshot, SNAPSHOT_TTL_MS - (this.clock.now() - begun));
    }
    return found;
  }

  private async establish(userId: string): Promise<string | null> {
    const version = randomToken();
    const key = versionKey(userId);
    return (await this.store.setIfAbsent(key, version, VERSION_TTL_MS)) ? version : this.store.get(key);
  }

  private async fill(key: string, snapshot: object, ttlMs: number): Promise<void> {
    if (ttlMs <= 0) return;
    // Only the next request is slower for it.
    await this.store.set(key, JSON.stringify(snapshot), ttlMs).catch(() => undefined);
  }
}

/**
 * What an administrator began as somebody else hangs on both of them, and the version of one tells nothing of the other: it is
 * read from the database by every request.
 */
function isKept(found: unknown): boolean {
  const { impersonatorId = null } = (found ?? {}) as Partial<LiveSession>;
  return impersonatorId === null;
}

function tag(userId: string): string {
  return `gh:{${Buffer.from(userId, 'utf8').toString('base64url')}}`;
}

/** The version of a user and one thing that he holds, which one command reads. */
function keysOf(userId: string, name: string): [version: string, held: string] {
  const tagged = tag(userId);
  return [`${tagged}:v`, `${tagged}:${name}`];
}

function versionKey(userId: string): string {
  return `${tag(userId)}:v`;
}

function snapshotKey(userId: string, sid: string): string {
  return `${tag(userId)}:s:${sid}`;
}
