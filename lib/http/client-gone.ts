import type { ServerResponse } from 'node:http';

/** Express hands out the response itself, Fastify one that holds it as `raw`. */
export type NodeResponse = ServerResponse & { readonly raw?: ServerResponse };

/** A signal that aborts when the connection closes before the answer was written. */
export function clientGone(response: NodeResponse): AbortSignal {
  const raw = response.raw ?? response;
  const gone = new AbortController();
  if (raw.destroyed) gone.abort();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
