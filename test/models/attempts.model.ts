import { beginLockout, endLockout, type LockoutState } from '../../lib/store/lockout-budget.js';
import type { AttemptOutcome, LockoutBudget } from '../../lib/store/state-store.js';
import { inAnyOrder, put, type Model, type Step } from './explore.js';

/** A unit of time is a tick of the model's clock. */
export const BUDGET: LockoutBudget = {
  kind: 'lockout',
  limit: 2,
  windowMs: 2,
  lockMs: 2,
  maxLockMs: 4,
  roundsRememberedMs: 6,
};
const GUESSES = 6;
const FAR_AWAY = 1_000;

/** The arithmetic of the store and the discipline of its callers. A twin replaces one of them. */
export interface AttemptRules {
  readonly begin: typeof beginLockout;
  readonly end: typeof endLockout;
  /** Whether `attemptEnd` is told which window the reservation is part of. */
  readonly namesWindow: boolean;
  /** Whether a settled attempt is settled again on the way out. */
  readonly settlesTwice: boolean;
  /** What the end of a process settles. `undefined`: nothing does. */
  readonly crash: AttemptOutcome | undefined;
}

/** Those of `lib/store` and `lib/attempts` themselves: the model cannot say something else than they do. */
export const RULES: AttemptRules = {
  begin: beginLockout,
  end: endLockout,
  namesWindow: true,
  settlesTwice: false,
  crash: undefined,
};

interface Guess {
  /** `right`: the password was, and the sign-in will clear the budget. */
  readonly at: 'idle' | 'checking' | 'right' | 'ended' | 'over';
  readonly window: number | undefined;
  /** The page of the ledger that it is written on. */
  readonly page: number;
}

/** What has truly happened since the window began, whatever the store makes of it. */
interface Ledger {
  readonly page: number;
  readonly endsAt: number;
  /** Guesses that were let through, without those that came to nothing. */
  readonly taken: number;
  /** Those of them that were wrong. */
  readonly failures: number;
  /** Wrong ones that were let through in a window before. */
  readonly late: number;
}

interface State {
  readonly now: number;
  readonly stored: LockoutState | null;
  readonly guesses: readonly Guess[];
  readonly ledger: Ledger | null;
  readonly lockedUntil: number;
  readonly pages: number;
  readonly wiped: boolean;
  readonly trouble: string | undefined;
}

export const MORE_THAN_LIMIT = 'more guesses are checked than the budget holds';
export const REFUSED_WITH_ROOM = 'an attempt is refused although there is room';
export const LOWER_THAN_FAILURES = 'the counter is lower than the failures that have finished';
export const NO_LOCK = 'the last failure has not locked, or something else has';
export const NEVER_LAPSES = 'what nobody settles is held for ever';

/** `N` guesses at once at one budget, with clocks that tick, processes that die and a store that comes back empty. */
export function attemptsModel(rules: AttemptRules = RULES): Model<State> {
  return {
    initial: {
      now: 1,
      stored: null,
      guesses: new Array<Guess>(GUESSES).fill({ at: 'idle', window: undefined, page: 0 }),
      ledger: null,
      lockedUntil: 0,
      pages: 0,
      wiped: false,
      trouble: undefined,
    },
    steps: (state) => [
      ...state.guesses.flatMap((guess, index) => stepsOf(rules, state, guess, index)),
      ...world(state),
    ],
    broken: (state) => state.trouble ?? lower(state) ?? lasting(rules, state),
    settled: ({ guesses }) => guesses.every(({ at }) => at === 'over'),
    canonical,
  };
}

/** Times count from now, and what is over is over: so the clock may go on for ever. */
function canonical({ now, stored, guesses, ledger, lockedUntil, wiped, trouble }: State): unknown {
  const left = (until: number): number => Math.max(0, until - now);
  return [
    stored && [
      stored.windowEndsAt > now ? [stored.failures, stored.inFlight, left(stored.windowEndsAt)] : 0,
      stored.roundsUntil > now ? [stored.round, left(stored.roundsUntil)] : 0,
      left(stored.lockedUntil),
    ],
    inAnyOrder(
      guesses.map(({ at, window, page }) =>
        at === 'checking' || at === 'ended' ? [at, left(window ?? 0), page === ledger?.page] : [at],
      ),
    ),
    ledger && [left(ledger.endsAt), ledger.taken, ledger.failures, ledger.late],
    left(lockedUntil),
    wiped,
    trouble,
  ];
}

function stepsOf(rules: AttemptRules, state: State, guess: Guess, index: number): Step<State>[] {
  const named = (name: string, next: State): Step<State> => ({ name: `guess ${index} ${name}`, next });
  const goOn = (next: State, at: Guess['at']): State => ({
    ...next,
    guesses: put(next.guesses, index, { ...guess, at }),
  });
  if (guess.at === 'idle') return [named('is reserved, or refused', begin(rules, state, index))];
  if (guess.at === 'right')
    return [named('clears the budget', goOn(forgotten(state), 'over')), named('stays', goOn(state, 'over'))];
  if (guess.at === 'ended')
    return [named('is settled again', goOn(settle(rules, state, guess, 'no-verdict', true), 'over'))];
  if (guess.at === 'over') return [];
  const after = rules.settlesTwice ? 'ended' : 'over';
  return [
    named('was wrong', goOn(settle(rules, state, guess, 'wrong'), after)),
    named('was right', goOn(settle(rules, state, guess, 'right'), 'right')),
    named('has no verdict', goOn(settle(rules, state, guess, 'no-verdict'), after)),
    named('dies with its process', goOn(died(rules, state, guess), 'over')),
  ];
}

function world(state: State): Step<State>[] {
  const steps: Step<State>[] = [{ name: 'the clock ticks', next: tick(state) }];
  if (!state.wiped) steps.push({ name: 'the store comes back empty', next: { ...forgotten(state), wiped: true } });
  return steps;
}

function tick(state: State): State {
  const now = state.now + 1;
  const ledger = state.ledger !== null && state.ledger.endsAt > now ? state.ledger : null;
  return { ...state, now, ledger };
}

/**
 * Forgetting is granted: by a sign-in that is complete, and by a store that may lose everything. Either takes longer than a
 * tick: a window is named by its end, so two that begin in the same millisecond have one name.
 */
function forgotten(state: State): State {
  return { ...tick(state), stored: null, ledger: null, lockedUntil: 0 };
}

function begin(rules: AttemptRules, state: State, index: number): State {
  const { begin: answer, next } = rules.begin(state.stored ?? undefined, BUDGET, state.now);
  const stored = next ?? state.stored;
  const isLocked = state.lockedUntil > state.now;
  const taken = state.ledger === null ? 0 : state.ledger.taken + state.ledger.late;
  if (!answer.allowed) {
    const hasRoom = !isLocked && taken < BUDGET.limit;
    const guesses = put(state.guesses, index, { at: 'over' as const, window: undefined, page: 0 });
    return { ...state, stored, guesses, trouble: hasRoom ? REFUSED_WITH_ROOM : undefined };
  }
  const open = state.ledger ?? {
    page: state.pages + 1,
    endsAt: state.now + BUDGET.windowMs,
    taken: 0,
    failures: 0,
    late: 0,
  };
  const ledger = { ...open, taken: open.taken + 1 };
  const window = rules.namesWindow ? answer.window : undefined;
  return {
    ...state,
    stored,
    ledger,
    pages: Math.max(state.pages, ledger.page),
    guesses: put(state.guesses, index, { at: 'checking' as const, window, page: ledger.page }),
    trouble: isLocked || taken >= BUDGET.limit ? MORE_THAN_LIMIT : undefined,
  };
}

function settle(rules: AttemptRules, state: State, guess: Guess, outcome: AttemptOutcome, again = false): State {
  const { lockedForMs, next } = rules.end(state.stored ?? undefined, BUDGET, outcome, state.now, guess.window);
  const written = { ...state, stored: next };
  if (again) return written;
  const { locks, ...noted } =
    outcome === 'wrong' ? failed(written, guess) : { ...givenBack(written, guess), locks: false };
  if (locks !== lockedForMs >= BUDGET.lockMs) return { ...noted, trouble: NO_LOCK };
  return locks ? { ...noted, lockedUntil: state.now + lockedForMs } : noted;
}

function failed(state: State, { page }: Guess): State & { readonly locks: boolean } {
  const own = state.ledger?.page === page;
  const open = state.ledger ?? {
    page: state.pages + 1,
    endsAt: state.now + BUDGET.windowMs,
    taken: 0,
    failures: 0,
    late: 0,
  };
  const ledger = own ? { ...open, failures: open.failures + 1 } : { ...open, late: open.late + 1 };
  const pages = Math.max(state.pages, ledger.page);
  if (ledger.failures + ledger.late < BUDGET.limit) return { ...state, ledger, pages, locks: false };
  const left = { ...ledger, taken: ledger.taken - ledger.failures, failures: 0, late: 0 };
  return { ...state, pages, ledger: left.taken > 0 ? left : null, locks: true };
}

function givenBack(state: State, { page }: Guess): State {
  const { ledger } = state;
  if (ledger?.page !== page) return state;
  const left = { ...ledger, taken: ledger.taken - 1 };
  return { ...state, ledger: left.taken + left.late > 0 ? left : null };
}

function died(rules: AttemptRules, state: State, { window }: Guess): State {
  if (rules.crash === undefined) return state;
  return { ...state, stored: rules.end(state.stored ?? undefined, BUDGET, rules.crash, state.now, window).next };
}

function lower({ ledger, stored }: State): string | undefined {
  if (ledger === null) return undefined;
  return (stored?.failures ?? 0) < ledger.failures + ledger.late ? LOWER_THAN_FAILURES : undefined;
}

function lasting(rules: AttemptRules, { stored, now }: State): string | undefined {
  return rules.begin(stored ?? undefined, BUDGET, now + FAR_AWAY).begin.allowed ? undefined : NEVER_LAPSES;
}
