import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { answeredHeaders, forwardedHeaders } from './headers.mjs';

const CONNECT_WITHIN_MS = 2_000;
// Slow headers and bodies end too: a client that sends a byte a minute would hold its place for ever.
const LIMITS = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 5_000 };

class TimedOut extends Error {}

/**
 * A reverse proxy in front of `workers` (`http://host:port`), each in turn. It ends TLS, tells the workers who asked, and
 * answers 502 when none of them can be reached and 504 when the one that took the request says nothing for `timeoutMs`.
 * An example for one machine: what stands before an application on the internet is Caddy, nginx or a load balancer.
 */
export function createProxy({ workers, tls, timeoutMs }) {
  let turn = 0;
  const server = https.createServer({ ...tls, ...LIMITS, minVersion: 'TLSv1.2' }, (request, response) => {
    const first = turn++ % workers.length;
    const inTurn = [...workers.slice(first), ...workers.slice(0, first)];
    // A kept connection would outlive `close()`, and bring new requests.
    const parting = () => (server.listening ? [] : ['Connection', 'close']);
    void forward({ request, response, parting, timeoutMs }, inTurn);
  });
  return server;
}

async function forward({ request, response, parting, timeoutMs }, workers) {
  const connection = await firstReachable(workers);
  if (connection === undefined) return refuse(response, 502);
  if (response.destroyed) return connection.destroy();
  // A connection for each request. A kept one may be closed by a worker that stops, just while it is used again.
  const upstream = http.request({
    createConnection: () => connection,
    method: request.method,
    path: request.url,
    headers: forwardedHeaders(request),
  });
  upstream.setTimeout(timeoutMs, () => upstream.destroy(new TimedOut()));
  upstream.on('error', (error) => refuse(response, error instanceof TimedOut ? 504 : 502));
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode, answer.statusMessage, [...answeredHeaders(answer), ...parting()]);
    // An answer that breaks off half-way has to break off for the client too, not look complete.
    answer.on('error', () => response.destroy()).pipe(response);
  });
  response.on('close', () => upstream.destroy());
  request.on('error', () => upstream.destroy()).pipe(upstream);
}

/** A worker that cannot be reached has read nothing: the next one may be asked, whatever the method. */
async function firstReachable(workers) {
  for (const worker of workers) {
    const connection = await connectTo(new URL(worker));
    if (connection !== undefined) return connection;
  }
  return undefined;
}

function connectTo({ hostname, port }) {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const giveUp = () => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('error', giveUp).setTimeout(CONNECT_WITHIN_MS, giveUp);
    socket.once('connect', () => {
      socket.setTimeout(0).off('timeout', giveUp).off('error', giveUp);
      resolve(socket);
    });
  });
}

/** Only what has not been answered yet can be refused; what has been begun is broken off. */
function refuse(response, statusCode) {
  if (response.destroyed || response.headersSent) return response.destroy();
  const message = statusCode === 504 ? 'The worker did not answer in time.' : 'No worker answered.';
  const body = JSON.stringify({ statusCode, error: http.STATUS_CODES[statusCode], message });
  response.writeHead(statusCode, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'retry-after': '1',
    connection: 'close',
  });
  response.end(body);
}
