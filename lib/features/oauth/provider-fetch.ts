import { isLoopbackHost } from '../../options/loopback.js';
import { ProviderFailure } from './provider-failure.js';

/** Metadata, keys and profiles are a few KB. */
export const MAX_BODY_BYTES = 1_048_576;

interface Captured {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface ProviderRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: RequestInit['body'] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NO_BODY = new Set([204, 205, 304]);

/**
 * Everything that is asked of providers passes here: to https alone, or http on this machine; no redirect is followed, so
 * that no code and no token goes where nobody meant it to; the answer has to end in time and within a bound.
 */
export class ProviderFetch {
  private readonly underWay = new Map<string, Promise<Captured>>();

  constructor(private readonly timeoutMs: number) {}

  readonly fetch = async (url: string, request: ProviderRequest = {}): Promise<Response> => {
    const { status, headers, body } = await this.share(url, request);
    return new Response(NO_BODY.has(status) ? null : body, { status, headers });
  };

  /** Metadata and keys are the same for all who ask at once: one asks for them. */
  private share(url: string, request: ProviderRequest): Promise<Captured> {
    if ((request.method ?? 'GET') !== 'GET' || new Headers(request.headers).has('authorization')) {
      return this.capture(url, request);
    }
    const found = this.underWay.get(url);
    if (found !== undefined) return found;
    const captured = this.capture(url, request).finally(() => this.underWay.delete(url));
    this.underWay.set(url, captured);
    return captured;
  }

  private async capture(
    url: string,
    { method = 'GET', headers = {}, body = null }: ProviderRequest,
  ): Promise<Captured> {
    const { protocol, hostname } = new URL(url);
    if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname))) {
      throw new ProviderFailure('validation', new Error('An endpoint of the provider is not https.'));
    }
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new Error('The provider took too long.')), this.timeoutMs);
    try {
      const response = await fetch(url, { method, headers, body, redirect: 'manual', signal: stop.signal });
      return { status: response.status, headers: plain(response.headers), body: await readAll(response) };
    } catch (error) {
      stop.abort();
      throw error instanceof ProviderFailure ? error : new ProviderFailure('unreachable', error);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function readAll(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.byteLength;
    if (length > MAX_BODY_BYTES) throw new ProviderFailure('unreachable', new Error('The answer does not end.'));
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** The body has been decoded by now. */
function plain(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete('content-encoding');
  kept.delete('content-length');
  return kept;
}
