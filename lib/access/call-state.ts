import type { Awaitable } from '../common/awaitable.js';
import type { Principal } from '../common/principal.js';
import type { AuthError } from '../errors/auth-error.js';
import type { CheckDepth } from './bearer-token-reader.js';
import type { CallSite } from './call-site.js';

/** What the credential of a call turned out to be. */
export type CredentialOutcome =
  | { readonly status: 'none' | 'dead' }
  | { readonly status: 'refused'; readonly error: AuthError }
  | { readonly status: 'live'; readonly principal: Principal };

/** What the guard leaves behind for parameter decorators. */
export interface Verdict {
  readonly principal: Principal | undefined;
  /** The user entity, loaded once a verdict. */
  readonly user: () => Promise<object | undefined>;
}

/** By how far the credential was checked. */
type Outcomes = Partial<Record<CheckDepth, Awaitable<CredentialOutcome>>>;

interface CallState {
  readonly request: Outcomes;
  verdict?: Verdict | undefined;
  /** For sockets: by objects that belong to one message. A plain request goes without either map. */
  messages?: WeakMap<object, Outcomes>;
  verdicts?: WeakMap<object, Verdict>;
}

/** On the carrier itself: an application may show its operations something made of the handshake instead of it. */
const FOLLOWER = Symbol('gatehouse:follower');

interface Followed {
  [FOLLOWER]?: (principal: Principal) => void;
}

/** Beside the carriers: a property more costs an Express request three times as much, whose prototype is replaced. */
const states = new WeakMap<object, CallState>();

/** The outcome remembered for the call, or the one that `read` starts. One that knows the session serves for both. */
export function rememberedOutcome(
  site: CallSite,
  depth: CheckDepth,
  read: () => Awaitable<CredentialOutcome>,
): Awaitable<CredentialOutcome> {
  if (site.carrier === undefined) return read();
  const state = stateOf(site.carrier);
  const known = site.perMessage ? messageOf(state, site.call) : state.request;
  return known.session ?? (known[depth] ??= read());
}

export function leaveVerdict(site: CallSite, verdict: Verdict): void {
  if (site.carrier === undefined) return;
  const state = stateOf(site.carrier);
  if (site.perMessage && verdict.principal !== undefined) (site.carrier as Followed)[FOLLOWER]?.(verdict.principal);
  for (const token of site.tokens) (state.verdicts ??= new WeakMap()).set(token, verdict);
  // A message with neither an object nor an acknowledgement has no token. Its verdict is the latest of the socket, and so
  // at worst another message's of the same session.
  if (site.tokens.length === 0) state.verdict = verdict;
}

/** The listener hears, before each operation over this connection begins, whom it was let through for. */
export function followVerdicts(carrier: object, listener: (principal: Principal) => void): void {
  Object.defineProperty(carrier, FOLLOWER, { value: listener, configurable: true });
}

export function verdictOf({ carrier, tokens }: CallSite): Verdict | undefined {
  const state = carrier && existingState(carrier);
  if (state === undefined) return undefined;
  if (tokens.length === 0) return state.verdict;
  return tokens.map((token) => state.verdicts?.get(token)).find((verdict) => verdict !== undefined);
}

function messageOf(state: CallState, call: object): Outcomes {
  const messages = (state.messages ??= new WeakMap());
  const known = messages.get(call) ?? {};
  messages.set(call, known);
  return known;
}

function existingState(carrier: object): CallState | undefined {
  return states.get(carrier);
}

function stateOf(carrier: object): CallState {
  const existing = existingState(carrier);
  if (existing !== undefined) return existing;
  const state: CallState = { request: {} };
  states.set(carrier, state);
  return state;
}
