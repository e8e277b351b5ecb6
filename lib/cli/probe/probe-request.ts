import type { ProbeAnswer } from './probe-answer.js';

/** What kind of request it is, as the announcement counts them. */
export type RequestKind =
  | 'read'
  | 'wrong-password'
  | 'wrong-password-known'
  | 'malformed-body'
  | 'cross-site'
  | 'sign-out'
  | 'sign-in'
  | 'sign-out-known'
  | 'forged-address';

export type Method = 'GET' | 'HEAD' | 'OPTIONS' | 'POST';

/** One request, known before anything is sent. */
export interface ProbeRequest {
  readonly kind: RequestKind;
  readonly method: Method;
  /** As it goes on the wire: never normalised. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** In plain HTTP, whatever the scheme of the target; the port to ask. */
  readonly plainPort?: number;
  /** Headers that an earlier answer gives. */
  readonly headersFrom?: (answers: Answers) => Readonly<Record<string, string>>;
}

/** The answers so far, by their request. */
export interface Answers {
  /** Throws when the request has not been sent: a check reads what it asked for. */
  of(request: ProbeRequest): ProbeAnswer;
  all(): readonly ProbeAnswer[];
}

/** A request without credentials that changes nothing. */
export function read(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method: 'GET' | 'HEAD' | 'OPTIONS' = 'GET',
): ProbeRequest {
  return { kind: 'read', method, path, headers };
}

/** A JSON body. */
export function post(
  kind: RequestKind,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): ProbeRequest {
  return {
    kind,
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}
