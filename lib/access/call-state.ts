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

const STATE = Symbol('gatehouse:call-state');

interface CallState {
  /** By how far the credential was checked. */
  readonly request: Partial<Record<CheckDepth, Promise<CredentialOutcome>>>;
  verdict?: Verdict | undefined;
  /** Told of whomever an operation on this connection is let through for. */
  follower?: (principal: Principal) => void;
  /** For sockets: by objects that belong to one message. */
  readonly messages: WeakMap<object, Partial<Record<CheckDepth, Promise<CredentialOutcome>>>>;
  readonly verdicts: WeakMap<object, Verdict>;
}

/** The outcome remembered for the call, or the one that `read` starts. One that knows the session serves for both. */
export function rememberedOutcome(
  site: CallSite,
  depth: CheckDepth,
  read: () => Promise<CredentialOutcome>,
): Promise<CredentialOutcome> {
  if (site.carrier === undefined) return read();
  const state = stateOf(site.carrier);
  const known = site.perMessage ? (state.messages.get(site.call) ?? {}) : state.request;
  if (site.perMessage) state.messages.set(site.call, known);
  return known.session ?? (known[depth] ??= read());
}

export function leaveVerdict(site: CallSite, verdict: Verdict): void {
  if (site.carrier === undefined) return;
  const state = stateOf(site.carrier);
  if (site.perMessage && verdict.principal !== undefined) state.follower?.(verdict.principal);
  for (const token of site.tokens) state.verdicts.set(token, verdict);
  // A message with neither an object nor an acknowledgement has no token. Its verdict is the latest of the socket, and so
  // at worst another message's of the same session.
  if (site.tokens.length === 0) state.verdict = verdict;
}

/** The listener hears, before each operation over this connection begins, whom it was let through for. */
export function followVerdicts(carrier: object, listener: (principal: Principal) => void): void {
  stateOf(carrier).follower = listener;
}

export function verdictOf({ carrier, tokens }: CallSite): Verdict | undefined {
  const state = carrier && existingState(carrier);
  if (state === undefined) return undefined;
  if (tokens.length === 0) return state.verdict;
  return tokens.map((token) => state.verdicts.get(token)).find((verdict) => verdict !== undefined);
}

function existingState(carrier: object): CallState | undefined {
  return (carrier as { [STATE]?: CallState })[STATE];
}

function stateOf(carrier: object): CallState {
  const existing = existingState(carrier);
  if (existing !== undefined) return existing;
  const state: CallState = { request: {}, messages: new WeakMap(), verdicts: new WeakMap() };
  Object.defineProperty(carrier, STATE, { value: state });
  return state;
}
