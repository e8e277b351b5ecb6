import { inAnyOrder, put, type Model, type Step } from './explore.js';

/** What the row of a session says of its refresh tokens. Times are ticks of the model's clock. */
export interface Family {
  readonly generation: number;
  readonly rotatedAt: number | null;
  readonly revoked: boolean;
  readonly epochMoved: boolean;
  readonly disabled: boolean;
  readonly expiresAt: number;
}

export type Decision = 'invalid' | 'future' | 'grace' | 'reuse' | 'rotate';

export const GRACE = 1;
const ABSOLUTE_END = 4;
const REQUESTS = 3;
const MOST_DECISIONS = 3;

export function isLive({ revoked, epochMoved, disabled, expiresAt }: Family, now: number): boolean {
  return !revoked && !epochMoved && !disabled && expiresAt > now;
}

/** The decision table: the first line that fits. */
export function decide(presented: number, family: Family, now: number): Decision {
  if (!isLive(family, now)) return 'invalid';
  if (presented > family.generation) return 'future';
  if (isInGrace(presented, family, now)) return 'grace';
  return presented < family.generation ? 'reuse' : 'rotate';
}

function isInGrace(presented: number, { generation, rotatedAt }: Family, now: number): boolean {
  return presented === generation - 1 && rotatedAt !== null && now - rotatedAt <= GRACE;
}

/** What holds the protocol together. A twin takes one of them away. */
export interface RefreshRules {
  readonly decide: typeof decide;
  /** The conditions of the one statement that rotates. */
  readonly mayRotate: (presented: number, family: Family, now: number) => boolean;
  /** Whether the statement of a request that was answered 503 is taken back. */
  readonly takesBackLate: boolean;
  /** Whether the event is written by the one caller whose statement ended the session. */
  readonly claimsReuse: boolean;
  readonly endsAtReuse: boolean;
  /** Which generation an answer within the grace carries. */
  readonly graceAnswer: (family: Family) => number;
}

export const RULES: RefreshRules = {
  decide,
  mayRotate: (presented, family, now) => presented === family.generation && isLive(family, now),
  takesBackLate: true,
  claimsReuse: true,
  endsAtReuse: true,
  graceAnswer: ({ generation }) => generation,
};

type Answer = 'invalid' | 'reused' | 'unavailable' | number;

interface Request {
  readonly at: 'idle' | 'found' | 'asked' | 'reusing' | 'late' | 'over';
  readonly presented: number;
  readonly decisions: number;
  readonly answer: Answer | undefined;
}

interface State {
  readonly now: number;
  readonly family: Family;
  readonly requests: readonly Request[];
  readonly events: number;
  readonly endedByReuse: boolean;
  /** How often each generation has been rotated. */
  readonly rotations: readonly number[];
  readonly restored: boolean;
  readonly trouble: string | undefined;
}

export const TWO_SUCCESSORS = 'a generation has been rotated twice';
export const DEAD_GIVEN = 'a session that had ended was given a token';
export const SPENT_GIVEN = 'a token that is spent was given another one';
export const GIVEN_DIFFERENTLY = 'one token was answered with two successors';
export const REUSE_UNNOTICED = 'reuse has not ended the session';
export const NOT_ONE_EVENT = 'reuse and its event do not go together';
export const GOOD_CLIENT_ENDED = 'a token that was no reuse has ended the session';
export const LATE = 'a request that was answered 503 has rotated';

const IDLE: Request = { at: 'idle', presented: 0, decisions: 0, answer: undefined };

/** Requests with any token that was ever made, beside everything that ends a session, a clock and a restored database. */
export function refreshModel(rules: RefreshRules = RULES): Model<State> {
  return {
    initial: {
      now: 1,
      family: {
        generation: 0,
        rotatedAt: null,
        revoked: false,
        epochMoved: false,
        disabled: false,
        expiresAt: ABSOLUTE_END,
      },
      requests: new Array<Request>(REQUESTS).fill(IDLE),
      events: 0,
      endedByReuse: false,
      rotations: [],
      restored: false,
      trouble: undefined,
    },
    steps: (state) => [...state.requests.flatMap((_, index) => requestSteps(rules, state, index)), ...world(state)],
    broken: (state) => state.trouble ?? contradiction(state),
    settled: ({ requests }) => requests.every(({ at }) => at === 'over'),
    canonical: (state) => ({ ...state, requests: inAnyOrder(state.requests) }),
  };
}

function requestSteps(rules: RefreshRules, state: State, index: number): Step<State>[] {
  const request = state.requests[index]!;
  const named = (what: string, next: State): Step<State> => ({ name: `request ${index} ${what}`, next });
  const after = (change: Partial<Request>, next: State = state): State => ({
    ...next,
    requests: put(next.requests, index, { ...request, ...change }),
  });
  if (request.at === 'idle') {
    const tokens = Math.max(state.family.generation, state.rotations.length);
    return Array.from({ length: tokens + 1 }, (_, presented) => {
      const live = isLive(state.family, state.now);
      const next = after(live ? { at: 'found', presented } : { at: 'over', presented, answer: 'invalid' });
      return named(`presents ${presented}`, next);
    });
  }
  if (request.at === 'over') return [];
  const dies = named('dies with its process', after({ at: 'over' }));
  if (request.at === 'late') {
    const late = rotated(state, request.presented);
    const applies = rules.mayRotate(request.presented, state.family, state.now);
    return [named('is carried out late', after({ at: 'over' }, applies ? { ...late, trouble: LATE } : state))];
  }
  if (request.at === 'reusing')
    return [dies, named('ends the session', after({ at: 'over', answer: 'reused' }, reused(rules, state)))];
  if (request.at === 'found') {
    const { presented, decisions } = request;
    const timesOut = after({ at: rules.takesBackLate ? 'over' : 'late', answer: 'unavailable' });
    const applies = rules.mayRotate(presented, state.family, state.now);
    const failed = decisions === MOST_DECISIONS ? after({ at: 'over', answer: 'unavailable' }) : after({ at: 'asked' });
    const moved = applies
      ? given(after({ at: 'over', answer: presented + 1 }, rotated(state, presented)), state, presented, true)
      : failed;
    return [dies, named('gets no answer in time', timesOut), named('rotates, or does not', moved)];
  }
  return [dies, named('reads the row and decides', decided(rules, state, request, after))];
}

function decided(
  rules: RefreshRules,
  state: State,
  { presented, decisions }: Request,
  after: (change: Partial<Request>, next?: State) => State,
): State {
  const decision = rules.decide(presented, state.family, state.now);
  if (decision === 'invalid' || decision === 'future') return after({ at: 'over', answer: 'invalid' });
  if (decision === 'rotate') return after({ at: 'found', decisions: decisions + 1 });
  if (decision === 'grace') {
    return given(after({ at: 'over', answer: rules.graceAnswer(state.family) }), state, presented, false);
  }
  const spent = presented < state.family.generation && !isInGrace(presented, state.family, state.now);
  return { ...after({ at: 'reusing' }), trouble: spent ? undefined : GOOD_CLIENT_ENDED };
}

function rotated(state: State, presented: number): State {
  const rotations = [...state.rotations];
  rotations[presented] = (rotations[presented] ?? 0) + 1;
  return { ...state, rotations, family: { ...state.family, generation: presented + 1, rotatedAt: state.now } };
}

/** Judges a token at the moment at which it was decided to give it. */
function given(next: State, { family, now }: State, presented: number, rotates: boolean): State {
  if (!isLive(family, now)) return { ...next, trouble: DEAD_GIVEN };
  const current = rotates && presented === family.generation;
  if (current || isInGrace(presented, family, now)) return next;
  return { ...next, trouble: rotates && presented === family.generation - 1 ? TWO_SUCCESSORS : SPENT_GIVEN };
}

function reused(rules: RefreshRules, state: State): State {
  const claimed = isLive(state.family, state.now);
  const events = claimed || !rules.claimsReuse ? state.events + 1 : state.events;
  return {
    ...state,
    events,
    endedByReuse: state.endedByReuse || claimed,
    family: { ...state.family, revoked: state.family.revoked || rules.endsAtReuse },
  };
}

function world(state: State): Step<State>[] {
  const { now, family } = state;
  const steps: Step<State>[] = [];
  const set = (name: string, change: Partial<Family>): void =>
    void steps.push({ name, next: { ...state, family: { ...family, ...change } } });
  if (now < ABSOLUTE_END) steps.push({ name: 'the clock ticks', next: { ...state, now: now + 1 } });
  if (!family.revoked) set('the session is revoked', { revoked: true });
  if (!family.epochMoved) set('the password changes', { epochMoved: true });
  if (!family.disabled && !family.epochMoved) set('the account is disabled', { disabled: true, epochMoved: true });
  if (family.disabled) set('the account is enabled', { disabled: false });
  if (!state.restored && family.generation > 0) {
    steps.push({
      name: 'the database is restored',
      next: { ...state, restored: true, rotations: [0, 0, 0], family: { ...family, generation: 0, rotatedAt: null } },
    });
  }
  return steps;
}

function contradiction({
  requests,
  events,
  endedByReuse,
  family,
  now,
  rotations,
  restored,
}: State): string | undefined {
  if (events !== (endedByReuse ? 1 : 0)) return NOT_ONE_EVENT;
  if (rotations.some((times) => times > 1)) return TWO_SUCCESSORS;
  for (const { presented, answer } of requests) {
    if (answer === 'reused' && isLive(family, now)) return REUSE_UNNOTICED;
    if (typeof answer === 'number' && answer !== presented + 1) return GIVEN_DIFFERENTLY;
    if (typeof answer === 'number' && answer > family.generation && !restored) return TWO_SUCCESSORS;
  }
  return undefined;
}
