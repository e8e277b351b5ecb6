/** What one request asks for. Sessions are named by the request that began them. */
export type Operation =
  | { readonly kind: 'register' | 'disable' | 'enable' | 'end-all' | 'new-password'; readonly user: number }
  | { readonly kind: 'login' | 'token'; readonly user: number; readonly password: number }
  | { readonly kind: 'read' | 'logout' | 'end-others'; readonly session: string }
  | { readonly kind: 'refresh'; readonly session: string; readonly presented: number };

export interface KnownUser {
  readonly registered: boolean;
  readonly disabled: boolean;
  readonly password: number;
}

export interface KnownSession {
  readonly user: number;
  readonly live: boolean;
  readonly tokens: boolean;
  readonly generation: number;
  readonly rotatedAt: number | null;
}

export interface World {
  readonly users: readonly KnownUser[];
  readonly sessions: Readonly<Record<string, KnownSession>>;
}

/** A request of a batch: it has a name, for the session that it may begin. */
export interface Request {
  readonly name: string;
  readonly operation: Operation;
}

/** The server could not say what has become of the request. */
export const UNKNOWN = '503';

export const GRACE_MS = 30_000;
const NOBODY: KnownUser = { registered: false, disabled: false, password: 0 };

export function newWorld(users: number): World {
  return { users: new Array<KnownUser>(users).fill(NOBODY), sessions: {} };
}

/** What a request answers where it comes alone, and the world after it. */
export function apply(world: World, { name, operation }: Request, now: number): readonly [World, string] {
  switch (operation.kind) {
    case 'login':
    case 'token':
      return signedIn(world, name, operation.user, operation.password, operation.kind === 'token');
    case 'read':
      return [world, isLive(world, operation.session) ? '200' : '401'];
    case 'logout':
      return [ended(world, (_, key) => key === operation.session), 'done'];
    case 'end-others':
      return isLive(world, operation.session) ? othersEnded(world, operation.session) : [world, '401'];
    case 'refresh':
      return refreshed(world, operation.session, operation.presented, now);
    case 'register':
      return [changed(world, operation.user, (user) => ({ ...user, registered: true })), '202'];
    default:
      return administered(world, operation.kind, operation.user);
  }
}

/** Every world that explains the answers to requests that were sent at once: by some order of them. */
export function explanations(
  worlds: readonly World[],
  requests: readonly Request[],
  answers: ReadonlyMap<string, string>,
  now: number,
): readonly World[] {
  const found = new Map<string, World>();
  const go = (world: World, left: readonly Request[], before: World): void => {
    if (left.length === 0) found.set(JSON.stringify(world, Object.keys(world.sessions).sort().concat(FIELDS)), world);
    for (const request of left) {
      const answer = answers.get(request.name)!;
      const rest = without(left, request);
      for (const [next, expected] of [apply(world, request, now), ...overtaken(world, request, requests, before)]) {
        if (answer === expected || answer === UNKNOWN) go(next, rest, before);
      }
      if (answer === UNKNOWN) go(world, rest, before);
    }
  };
  for (const world of worlds) go(world, requests, world);
  return [...found.values()];
}

const without = (requests: readonly Request[], one: Request): readonly Request[] =>
  requests.filter((other) => other !== one);

/** What a request may answer too that had looked at a session or a password before another one of its batch ended that. */
function overtaken(
  world: World,
  { operation }: Request,
  requests: readonly Request[],
  before: World,
): readonly (readonly [World, string])[] {
  if (operation.kind === 'login' || operation.kind === 'token') {
    const { user } = operation;
    const ends = requests.some(
      ({ operation: other }) => ENDS_ALL.includes(other.kind) && 'user' in other && other.user === user,
    );
    return ends ? [[world, '401']] : [];
  }
  if (!('session' in operation) || !isLive(before, operation.session) || isLive(world, operation.session)) return [];
  const session = world.sessions[operation.session]!;
  if (operation.kind === 'end-others') return [othersEnded(world, operation.session)];
  if (operation.kind === 'refresh' && operation.presented < session.generation)
    return [[world, 'REFRESH_TOKEN_REUSED']];
  return [];
}

const ENDS_ALL: readonly Operation['kind'][] = ['end-all', 'disable', 'new-password'];

const FIELDS = [
  'users',
  'sessions',
  'registered',
  'disabled',
  'password',
  'user',
  'live',
  'tokens',
  'generation',
  'rotatedAt',
];

/** Nothing outlives a fortnight without a request. */
export function afterFortnight(world: World): World {
  return ended(world, () => true);
}

function isLive({ sessions }: World, session: string): boolean {
  return sessions[session]?.live ?? false;
}

function changed(world: World, index: number, change: (user: KnownUser) => KnownUser): World {
  return { ...world, users: world.users.map((user, at) => (at === index ? change(user) : user)) };
}

function ended(world: World, ends: (session: KnownSession, key: string) => boolean): World {
  const sessions = Object.entries(world.sessions).map(([key, session]) =>
    ends(session, key) ? [key, { ...session, live: false }] : [key, session],
  );
  return { ...world, sessions: Object.fromEntries(sessions) as World['sessions'] };
}

function signedIn(
  world: World,
  name: string,
  index: number,
  password: number,
  tokens: boolean,
): readonly [World, string] {
  const user = world.users[index]!;
  if (!user.registered || user.disabled || user.password !== password) return [world, '401'];
  const session: KnownSession = { user: index, live: true, tokens, generation: 0, rotatedAt: null };
  return [{ ...world, sessions: { ...world.sessions, [name]: session } }, '200'];
}

function othersEnded(world: World, kept: string): readonly [World, string] {
  const { user } = world.sessions[kept]!;
  const isOther = (session: KnownSession, key: string): boolean => session.user === user && key !== kept;
  const count = Object.entries(world.sessions).filter(([key, session]) => session.live && isOther(session, key)).length;
  return [ended(world, isOther), `200 ended ${count}`];
}

function refreshed(world: World, key: string, presented: number, now: number): readonly [World, string] {
  const session = world.sessions[key];
  if (session === undefined || !session.live || presented > session.generation) return [world, 'INVALID_REFRESH_TOKEN'];
  const { generation, rotatedAt } = session;
  if (presented === generation) {
    const next = { ...session, generation: generation + 1, rotatedAt: now };
    return [{ ...world, sessions: { ...world.sessions, [key]: next } }, `200 generation ${generation + 1}`];
  }
  if (presented === generation - 1 && rotatedAt !== null && now - rotatedAt <= GRACE_MS) {
    return [world, `200 generation ${generation}`];
  }
  return [ended(world, (_, other) => other === key), 'REFRESH_TOKEN_REUSED'];
}

function administered(
  world: World,
  kind: 'disable' | 'enable' | 'end-all' | 'new-password',
  index: number,
): readonly [World, string] {
  if (!world.users[index]!.registered) return [world, '404'];
  if (kind === 'enable') return [changed(world, index, (user) => ({ ...user, disabled: false })), 'done'];
  const over = ended(world, ({ user }) => user === index);
  if (kind === 'end-all') return [over, 'done'];
  if (kind === 'disable') return [changed(over, index, (user) => ({ ...user, disabled: true })), 'done'];
  return [changed(over, index, (user) => ({ ...user, password: user.password + 1 })), 'done'];
}
