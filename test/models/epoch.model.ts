import { inAnyOrder, put, type Model, type Step } from './explore.js';

type Password = 'old' | 'new';

interface Account {
  readonly epoch: number;
  readonly disabled: boolean;
  readonly password: Password;
}

interface Session {
  readonly epoch: number;
  /** What it was opened with, and whether that was before the account was disabled. */
  readonly password: Password;
  readonly beforeDisable: boolean;
}

/** Signs in with the password that he knows, step by step; a second factor may lie between the proof and the session. */
interface SignIn {
  readonly at: 'idle' | 'read' | 'proven' | 'open' | 'rehashed';
  readonly knows: Password;
  readonly found: Account | undefined;
  readonly beforeDisable: boolean;
}

/** Gives a session that goes on a new id: re-authentication, changes of factors. */
interface Renewal {
  readonly at: 'idle' | 'claimed' | 'over';
  readonly session: Session | undefined;
}

interface State {
  readonly account: Account;
  readonly sessions: readonly Session[];
  readonly signIns: readonly SignIn[];
  readonly renewal: Renewal;
  readonly changed: boolean;
  readonly hasBeenDisabled: boolean;
}

/** What holds the protocol together. A twin takes one of them away. */
export interface EpochRules {
  readonly raisesAtPassword: boolean;
  readonly raisesAtDisable: boolean;
  /** The guard of the batch that begins a session. */
  readonly mayOpen: (read: Account, account: Account) => boolean;
  /** The epoch that a session is given. */
  readonly stamped: (read: Account, account: Account) => number;
  /** What a request, a refresh and a renewal ask of a session. */
  readonly passes: (session: Session, account: Account) => boolean;
  /** Whether re-hashing replaces nothing but the hash that was verified. */
  readonly rehashIsConditional: boolean;
  /** Whether ending the old session and inserting its successor are one batch under the lock of the account. */
  readonly renewsAtOnce: boolean;
}

export const RULES: EpochRules = {
  raisesAtPassword: true,
  raisesAtDisable: true,
  mayOpen: (read, account) => read.epoch === account.epoch && !account.disabled,
  stamped: (read) => read.epoch,
  passes: (session, account) => session.epoch === account.epoch && !account.disabled,
  rehashIsConditional: true,
  renewsAtOnce: true,
};

export const OLD_PASSES = 'a session of the old password passes after the change was acknowledged';
export const DISABLED_PASSES = 'a session of a disabled account passes';
export const REVIVED = 'enabling an account has revived a session';
export const WRITTEN_BACK = 'the old password has been written back';

const FIRST: Session = { epoch: 0, password: 'old', beforeDisable: true };

/** Sign-ins in flight and a renewal beside a change of the password, and an account that is disabled and enabled again. */
export function epochModel(rules: EpochRules = RULES): Model<State> {
  const idle = { at: 'idle', found: undefined, beforeDisable: false } as const;
  return {
    initial: {
      account: { epoch: 0, disabled: false, password: 'old' },
      sessions: [FIRST],
      signIns: [
        { ...idle, knows: 'old' },
        { ...idle, knows: 'old' },
        { ...idle, knows: 'new' },
      ],
      renewal: { at: 'idle', session: undefined },
      changed: false,
      hasBeenDisabled: false,
    },
    steps: (state) => [
      ...state.signIns.flatMap((signIn, index) => signInSteps(rules, state, signIn, index)),
      ...renewalSteps(rules, state),
      ...changes(rules, state),
    ],
    broken: (state) => broken(rules, state),
    settled: () => true,
    canonical: (state) => ({ ...state, sessions: inAnyOrder(state.sessions), signIns: inAnyOrder(state.signIns) }),
  };
}

function signInSteps(rules: EpochRules, state: State, signIn: SignIn, index: number): Step<State>[] {
  const { account } = state;
  const after = (what: string, change: Partial<SignIn>, next: State = state): Step<State>[] => {
    const signIns = put(next.signIns, index, { ...signIn, ...change });
    return [{ name: `sign-in ${index} with the ${signIn.knows} password ${what}`, next: { ...next, signIns } }];
  };
  const found = signIn.found ?? account;
  if (signIn.at === 'idle') {
    return after('reads the account', { at: 'read', found: account, beforeDisable: !state.hasBeenDisabled });
  }
  if (signIn.at === 'read') {
    if (found.password !== signIn.knows || found.disabled) return [];
    return after('is proven right', { at: 'proven' });
  }
  if (signIn.at === 'proven') {
    if (!rules.mayOpen(found, account)) return [];
    const { knows: password, beforeDisable } = signIn;
    const session = { epoch: rules.stamped(found, account), password, beforeDisable };
    return after('opens a session', { at: 'open' }, { ...state, sessions: [...state.sessions, session] });
  }
  if (signIn.at === 'open') {
    const stands = account.password === found.password || !rules.rehashIsConditional;
    const written = stands ? { ...state, account: { ...account, password: found.password } } : state;
    return after('hashes its password anew', { at: 'rehashed' }, written);
  }
  return [];
}

function renewalSteps(rules: EpochRules, state: State): Step<State>[] {
  const { account, renewal, sessions } = state;
  const successor = (session: Session): Session => ({ ...session, epoch: account.epoch });
  if (renewal.at === 'claimed') {
    const inserted = [...sessions, successor(renewal.session!)];
    const over = { at: 'over', session: undefined } as const;
    return [{ name: 'the renewed session begins', next: { ...state, sessions: inserted, renewal: over } }];
  }
  if (renewal.at === 'over') return [];
  return sessions
    .filter((session) => rules.passes(session, account))
    .map((session) => {
      const left = sessions.filter((other) => other !== session);
      const next: State = rules.renewsAtOnce
        ? { ...state, sessions: [...left, successor(session)], renewal: { at: 'over', session: undefined } }
        : { ...state, sessions: left, renewal: { at: 'claimed', session } };
      return { name: 'a session is renewed', next };
    });
}

function changes(rules: EpochRules, state: State): Step<State>[] {
  const { account } = state;
  const steps: Step<State>[] = [];
  if (!state.changed) {
    const epoch = account.epoch + (rules.raisesAtPassword ? 1 : 0);
    const next = { ...state, changed: true, account: { ...account, epoch, password: 'new' as const } };
    steps.push({ name: 'the password changes', next });
  }
  if (!state.hasBeenDisabled) {
    const epoch = account.epoch + (rules.raisesAtDisable ? 1 : 0);
    const next = { ...state, hasBeenDisabled: true, account: { ...account, epoch, disabled: true } };
    steps.push({ name: 'the account is disabled', next });
  }
  if (account.disabled) {
    steps.push({ name: 'the account is enabled', next: { ...state, account: { ...account, disabled: false } } });
  }
  return steps;
}

function broken(rules: EpochRules, { account, sessions, changed, hasBeenDisabled }: State): string | undefined {
  if (changed && account.password === 'old') return WRITTEN_BACK;
  for (const session of sessions) {
    if (!rules.passes(session, account)) continue;
    if (account.disabled) return DISABLED_PASSES;
    if (changed && session.password === 'old') return OLD_PASSES;
    if (hasBeenDisabled && session.beforeDisable) return REVIVED;
  }
  return undefined;
}
