/** Why a request has no answer. */
export type Failure = 'timeout' | 'refused' | 'unreachable' | 'certificate' | 'broken-off' | 'malformed';

/** What came back. Everything in it was chosen by the other side. */
export interface ProbeAnswer {
  readonly method: string;
  readonly path: string;
  /** 0 when there was none. */
  readonly status: number;
  /** Names in lower case; several lines of one name joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly setCookies: readonly string[];
  /** The beginning of the body. */
  readonly body: string;
  /** From the last byte sent to the first received. */
  readonly elapsedMs: number;
  readonly failure?: Failure;
  /** The code of a failed handshake. */
  readonly failureCode?: string;
}

export function isOk({ status }: ProbeAnswer): boolean {
  return status >= 200 && status < 300;
}

export function header({ headers }: ProbeAnswer, name: string): string {
  return headers.get(name) ?? '';
}

/** The body as JSON, or `undefined`. */
export function json({ body }: ProbeAnswer): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
