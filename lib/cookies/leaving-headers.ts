import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

type HeadersToWrite = OutgoingHttpHeaders | readonly OutgoingHttpHeader[];

// A field for caches of one kind goes before `Cache-Control` there (RFC 9213 §2.2), and so do its forerunners.
const FOR_SOME_CACHES = /^(?:surrogate-control|x-accel-expires|(?:.+-)?cdn-cache-control)$/i;

/**
 * Has the last word on the headers of an answer, whoever sets them and how: `change` is called when they are about to be
 * sent, with all of them set. What listens for the same moment since before this call comes later still.
 *
 * @param response as the adapter hands it out: of Express that of Node, of Fastify one that holds it as `raw`.
 */
export function whenHeadersLeave(response: unknown, change: (answer: ServerResponse) => void): void {
  const answer = (response as { raw?: ServerResponse }).raw ?? (response as ServerResponse);
  const writeHead = answer.writeHead.bind(answer);
  // Node itself comes by here too, where headers leave with the first piece of the body.
  answer.writeHead = (status: number, reason?: string | HeadersToWrite, headers?: HeadersToWrite): ServerResponse => {
    const message = typeof reason === 'string' ? reason : undefined;
    if (!answer.headersSent) {
      setAll(answer, headers ?? (typeof reason === 'string' ? {} : (reason ?? {})));
      change(answer);
    }
    return message === undefined ? writeHead(status) : writeHead(status, message);
  };
}

/** The `Set-Cookie` lines of an answer as it stands. */
export function setCookieLines(answer: ServerResponse): readonly string[] {
  const value = answer.getHeader('Set-Cookie') ?? [];
  return Array.isArray(value) ? value : [String(value)];
}

/** Keeps an answer out of all caches (RFC 9111 §5.2.2.5). */
export function forbidStorage(answer: ServerResponse): void {
  for (const name of answer.getHeaderNames()) if (FOR_SOME_CACHES.test(name)) answer.removeHeader(name);
  answer.setHeader('Cache-Control', 'no-store');
}

/** As `writeHead` does: a name takes the place of what was set before. A list may have one several times. */
function setAll(answer: ServerResponse, headers: HeadersToWrite): void {
  if (!isList(headers)) {
    for (const [name, value] of Object.entries(headers)) answer.setHeader(name, value!);
    return;
  }
  const names = headers.filter((_, index) => index % 2 === 0).map(String);
  for (const name of names) answer.removeHeader(name);
  for (const [index, name] of names.entries()) {
    const value = headers[index * 2 + 1]!;
    answer.appendHeader(name, typeof value === 'number' ? String(value) : value);
  }
}

function isList(headers: HeadersToWrite): headers is readonly OutgoingHttpHeader[] {
  return Array.isArray(headers);
}
