import { inAnyOrder, put, type Model, type Step } from './explore.js';

type Version = number | 'changing' | null;

interface Snapshot {
  readonly version: number | 'changing';
  readonly live: boolean;
  /** How often the store had come back when it was loaded. */
  readonly connection: number;
}

/** What the state store holds of one user with one session. */
interface Stored {
  readonly version: Version;
  readonly snapshot: Snapshot | null;
}

interface Reader {
  readonly at: 'idle' | 'asked' | 'refused' | 'named' | 'loaded' | 'filling' | 'over';
  readonly version: Version;
  readonly connection: number;
  readonly live: boolean;
  /** Began after the end of the session was acknowledged. */
  readonly isAfter: boolean;
}

interface Writer {
  readonly revokes: boolean;
  readonly at: 'idle' | 'marked' | 'committed' | 'over';
  readonly begun: number;
  /** Nothing but time has touched the marker since: no other change, no store that lost it. */
  readonly undisturbed: boolean;
}

interface State {
  readonly now: number;
  readonly stored: Stored;
  readonly copy: Stored | null;
  readonly markedAt: number;
  readonly connection: number;
  readonly versions: number;
  readonly live: boolean;
  readonly replica: boolean;
  readonly acknowledged: boolean;
  readonly readers: readonly Reader[];
  readonly writers: readonly Writer[];
  readonly lost: boolean;
  readonly trouble: string | undefined;
}

const MARKER_LIVES = 2;
const COMMIT_WITHIN = 1;
const READERS = 2;

/** What holds the protocol together. A twin takes one of them away. */
export interface CacheRules {
  /** Whether a change overwrites the version before it commits. */
  readonly announces: boolean;
  /** What a change does after its commit, or before it. */
  readonly forgets: 'version' | 'version-early' | 'snapshot' | 'nothing';
  readonly neverTwice: boolean;
  /** Whether a snapshot may be filled, and believed, under the word `changing`. */
  readonly believesChanging: boolean;
  /** Whether a snapshot names the version of before its load. */
  readonly namesBefore: boolean;
  readonly distrustsOlder: boolean;
  readonly rollsBackLate: boolean;
  readonly readsPrimary: boolean;
  /** Whether a change that could not forget is acknowledged although somebody else may have taken its marker away. */
  readonly acknowledgesDisturbed: boolean;
}

export const RULES: CacheRules = {
  announces: true,
  forgets: 'version',
  neverTwice: true,
  believesChanging: false,
  namesBefore: true,
  distrustsOlder: true,
  rollsBackLate: true,
  readsPrimary: true,
  acknowledgesDisturbed: false,
};

export const READ_LIVE = 'a request after the acknowledgement is let in';
export const STORED_LIVE = 'a revoked session stands in the store as live';

const IDLE: Reader = { at: 'idle', version: null, connection: 0, live: false, isAfter: false };
const WAITING: Writer = { revokes: false, at: 'idle', begun: 0, undisturbed: true };

/** What happens to the store. */
export type Loss = 'empty' | 'evicts' | 'older';

/**
 * Readers and changes of one user on any nodes, beside a clock and a store that loses or restores data. A process that dies
 * takes no step any more: every state in which somebody stands still for ever is one of those that are looked at.
 */
export function sessionCacheModel(loss: Loss, rules: CacheRules = RULES): Model<State> {
  return {
    initial: {
      now: 0,
      stored: { version: null, snapshot: null },
      copy: null,
      markedAt: 0,
      connection: 0,
      versions: 0,
      live: true,
      replica: true,
      acknowledged: false,
      readers: new Array<Reader>(READERS).fill(IDLE),
      writers: [{ ...WAITING, revokes: true }, WAITING],
      lost: false,
      trouble: undefined,
    },
    steps: (state) => [
      ...state.readers.flatMap((reader, index) => readerSteps(rules, state, reader, index)),
      ...state.writers.flatMap((writer, index) => writerSteps(rules, state, writer, index)),
      ...world(rules, loss, state),
    ],
    broken: (state) => state.trouble ?? standing(rules, state),
    settled: () => true,
    canonical: (state) => canonical(rules, state),
  };
}

/**
 * Times count from now, and versions are named by who holds them: which random value it is says nothing. A snapshot whose
 * version nobody holds will never be believed.
 */
function canonical(rules: CacheRules, state: State): unknown {
  const { now, stored, copy, readers, writers, connection, live, replica, acknowledged, lost, trouble } = state;
  const age = (since: number): number => Math.min(MARKER_LIVES, now - since);
  const names: Version[] = [];
  const name = (version: Version): unknown => {
    if (typeof version !== 'number' || !rules.neverTwice) return version;
    if (!names.includes(version)) names.push(version);
    return names.indexOf(version);
  };
  const isDead = (snapshot: Snapshot | null): boolean =>
    rules.neverTwice && snapshot?.version !== stored.version && snapshot?.version !== copy?.version;
  const told = ({ version, snapshot }: Stored): unknown => [
    name(version),
    snapshot === null || isDead(snapshot) ? 0 : [name(snapshot.version), snapshot.live, snapshot.connection],
  ];
  return [
    told(stored),
    copy && told(copy),
    stored.version === 'changing' ? age(state.markedAt) : 0,
    // Of the other change nothing counts but what it does to the version.
    writers.map(({ revokes, at, begun, undisturbed }) => {
      if (!revokes) return at === 'committed' ? 'marked' : at;
      return [at, at === 'marked' && age(begun), (at === 'marked' || at === 'committed') && undisturbed];
    }),
    inAnyOrder(
      readers.map(({ at, version, connection: since, live: found, isAfter }) =>
        at === 'idle' || at === 'over' ? [at] : [at, name(version), since, found, isAfter],
      ),
    ),
    [connection, live, replica, acknowledged, lost, trouble],
  ];
}

function believed({ stored, connection }: State, rules: CacheRules): Snapshot | undefined {
  const { version, snapshot } = stored;
  if (snapshot === null || snapshot.version !== version) return undefined;
  if (version === 'changing' && !rules.believesChanging) return undefined;
  return snapshot.connection < connection && rules.distrustsOlder ? undefined : snapshot;
}

function standing(rules: CacheRules, state: State): string | undefined {
  return state.acknowledged && believed(state, rules)?.live === true ? STORED_LIVE : undefined;
}

function readerSteps(rules: CacheRules, state: State, reader: Reader, index: number): Step<State>[] {
  const { stored, connection } = state;
  const named = (what: string, change: Partial<Reader>, next: State = state): Step<State> => {
    const after = { ...reader, ...change };
    const letIn = after.at !== 'idle' && after.isAfter && after.live;
    const readers = put(next.readers, index, after);
    return { name: `reader ${index} ${what}`, next: { ...next, readers, trouble: letIn ? READ_LIVE : undefined } };
  };
  const fresh = rules.neverTwice ? state.versions + 1 : 1;
  if (reader.at === 'idle') {
    const isAfter = state.acknowledged;
    const hit = believed(state, rules);
    if (hit !== undefined) return [named('is answered by the store', { at: 'over', live: hit.live, isAfter })];
    const { version } = stored;
    return [named('misses', { at: version === null ? 'asked' : 'named', version, connection, isAfter })];
  }
  if (reader.at === 'asked') {
    if (stored.version !== null) return [named('is not the first to name a version', { at: 'refused' })];
    const next = { ...state, versions: fresh, stored: { ...stored, version: fresh } };
    return [named('names a version', { at: 'named', version: fresh }, next)];
  }
  if (reader.at === 'refused') return [named('reads the version', { at: 'named', version: stored.version })];
  if (reader.at === 'named') {
    return [named('loads the row', { at: 'loaded', live: rules.readsPrimary ? state.live : state.replica })];
  }
  if (reader.at === 'loaded') {
    const version = rules.namesBefore ? reader.version : stored.version;
    const mayFill = version !== null && (version !== 'changing' || rules.believesChanging);
    return mayFill ? [named('sends a snapshot', { at: 'filling', version })] : [];
  }
  if (reader.at === 'over') return [];
  const { version, live } = reader;
  const snapshot = { version: version as Snapshot['version'], live, connection: reader.connection };
  return [named('has filled', { at: 'over' }, { ...state, stored: { ...stored, snapshot } })];
}

function writerSteps(rules: CacheRules, state: State, writer: Writer, index: number): Step<State>[] {
  const { now, stored } = state;
  const who = writer.revokes ? 'the revocation' : 'another change';
  const after = (change: Partial<Writer>, next: State = state): State => ({
    ...next,
    writers: put(next.writers, index, { ...writer, ...change }),
  });
  const named = (what: string, next: State): Step<State> => ({ name: `${who} ${what}`, next });
  if (writer.at === 'over') return [];
  if (writer.at === 'idle') {
    const marked = rules.announces
      ? { ...disturbed(state, index), markedAt: now, stored: { ...stored, version: 'changing' as const } }
      : state;
    return [named('is announced', after({ at: 'marked', begun: now, undisturbed: true }, marked))];
  }
  if (writer.at === 'marked') {
    const early = rules.forgets === 'version-early' ? { ...state, stored: { ...stored, version: null } } : state;
    if (rules.rollsBackLate && writer.revokes && now - writer.begun > COMMIT_WITHIN)
      return [named('is rolled back', after({ at: 'over' }))];
    const forgot = named('forgets and commits later', after({ at: 'committed' }, early));
    if (rules.forgets === 'version-early') return [forgot];
    return [named('commits', after({ at: 'committed' }, commit(writer, state)))];
  }
  const committed = rules.forgets === 'version-early' ? commit(writer, state) : state;
  const done = { ...committed, acknowledged: state.acknowledged || writer.revokes };
  const standsFirm = writer.undisturbed || rules.acknowledgesDisturbed;
  return [
    named('forgets and is acknowledged', after({ at: 'over' }, forget(rules, done, index))),
    ...(standsFirm && writer.revokes && rules.forgets === 'version'
      ? [named('cannot forget and is acknowledged', after({ at: 'over' }, done))]
      : []),
  ];
}

function commit({ revokes }: Writer, state: State): State {
  return revokes ? { ...state, live: false } : state;
}

function forget({ forgets }: CacheRules, state: State, index: number): State {
  if (forgets === 'snapshot') return { ...state, stored: { ...state.stored, snapshot: null } };
  if (forgets !== 'version') return state;
  return { ...disturbed(state, index), stored: { ...state.stored, version: null } };
}

/** What others announced before does not stand by itself any more. */
function disturbed(state: State, except = -1): State {
  const writers = state.writers.map((writer, index) => (index === except ? writer : { ...writer, undisturbed: false }));
  return { ...state, writers };
}

function world(rules: CacheRules, loss: Loss, state: State): Step<State>[] {
  const { now, stored, copy, connection, lost } = state;
  const steps: Step<State>[] = [];
  const lapsed = stored.version === 'changing' && now + 1 - state.markedAt >= MARKER_LIVES;
  const ticked = { ...state, now: now + 1, stored: lapsed ? { ...stored, version: null } : stored };
  if (stored.version === 'changing' || state.writers.some(({ revokes, at }) => revokes && at === 'marked')) {
    steps.push({ name: 'the clock ticks', next: ticked });
  }
  if (state.replica !== state.live && !rules.readsPrimary) {
    steps.push({ name: 'the replica catches up', next: { ...state, replica: state.live } });
  }
  if (lost) return steps;
  const back = { ...disturbed(state), connection: connection + 1, lost: true };
  if (loss === 'empty') {
    steps.push({ name: 'the store comes back empty', next: { ...back, stored: { version: null, snapshot: null } } });
  } else if (loss === 'evicts') {
    const evicted = { ...back, connection, stored: { ...stored, version: null } };
    steps.push({ name: 'the store evicts the version', next: evicted });
  } else if (copy !== null) {
    steps.push({ name: 'the store comes back with what it had saved', next: { ...back, stored: copy } });
  } else if (stored.version !== null) {
    steps.push({ name: 'the store is saved', next: { ...state, copy: stored } });
  }
  return steps;
}
