import { MINUTE_MS } from '../../common/duration.js';

export const FLOW_LIFE_MS = 10 * MINUTE_MS;

/** Whoever was signed in when the flow began, for whom it ends. The session is of one epoch of the account alone. */
export interface FlowOwner {
  readonly userId: string;
  /** Public id. */
  readonly sessionId: string;
  /** Whether the browser held it as a cookie, and so has to hold it still. */
  readonly inCookie: boolean;
}

/** What a flow ends in. */
export type FlowPurpose = 'sign-in' | 'link' | 'reauthenticate';

/** An authorization request that is under way: everything that its answer is checked against. */
export interface OAuthFlow {
  readonly provider: string;
  readonly redirectUri: string;
  /** 256 random bits. */
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636). */
  readonly verifier: string;
  /** Epoch ms. */
  readonly begunAt: number;
  readonly purpose: FlowPurpose;
  /** Absolute. */
  readonly returnTo: string;
  readonly rememberMe: boolean;
  /** Of a native application: S256 challenge of the code that it is handed. */
  readonly codeChallenge?: string;
  readonly scope?: string;
  readonly owner?: FlowOwner;
}
