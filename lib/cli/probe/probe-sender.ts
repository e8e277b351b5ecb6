import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createSecureContext, rootCertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Failure, ProbeAnswer } from './probe-answer.js';
import type { Answers, ProbeRequest } from './probe-request.js';
import type { ProbeTarget } from './probe-target.js';

const ANSWER_WITHIN_MS = 10_000;
const MOST_BODY_BYTES = 65_536;

const OWN_HEADERS = { accept: 'application/json, text/html;q=0.9', 'user-agent': 'gatehouse-probe' };

/** How a connection is made to a target: its certificate is always verified. */
export function tlsOptions({ origin }: ProbeTarget) {
  const host = hostOf(origin);
  return {
    host,
    port: Number(origin.port) || 443,
    // RFC 6066 §3: no address here. And never the `Host` header, with which some checks play.
    servername: isIP(host) === 0 ? host : '',
    rejectUnauthorized: true,
  };
}

/** Whom to trust. With a private authority the public ones are read anew, which takes a while: once is enough. */
export function trust({ ca }: ProbeTarget, more: SecureContextOptions = {}): SecureContext {
  return createSecureContext({ ...more, ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }) });
}

export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** Sends one request at a time, each on a connection of its own, and follows nothing. */
export class ProbeSender {
  private readonly agent: Agent | undefined;

  constructor(
    private readonly target: ProbeTarget,
    private readonly answerWithinMs = ANSWER_WITHIN_MS,
  ) {
    this.agent = target.isTls ? new Agent({ keepAlive: false, secureContext: trust(target) }) : undefined;
  }

  /** Never rejects: what goes wrong is the answer's `failure`. */
  send(request: ProbeRequest, answers: Answers): Promise<ProbeAnswer> {
    return new Promise((resolve) => {
      const sent = this.open(request, answers);
      const exchange = new Exchange(request, sent, resolve);
      const timer = setTimeout(() => exchange.fail('timeout'), this.answerWithinMs);
      sent.once('finish', () => exchange.begin());
      sent.once('response', (response) => exchange.receive(response));
      sent.once('upgrade', () => exchange.fail('malformed'));
      sent.on('error', (error: NodeJS.ErrnoException) => exchange.fail(failureOf(error), error.code));
      sent.once('close', () => {
        clearTimeout(timer);
        exchange.fail('broken-off');
      });
      sent.end(request.body);
    });
  }

  private open({ method, path, headers, headersFrom, plainPort, body }: ProbeRequest, answers: Answers): ClientRequest {
    const { origin } = this.target;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const all = { ...OWN_HEADERS, ...length, ...headers, ...headersFrom?.(answers) };
    const options = { method, path, headers: all };
    const { agent } = this;
    if (agent !== undefined && plainPort === undefined) {
      return httpsRequest({ ...options, ...tlsOptions(this.target), agent });
    }
    return httpRequest({
      ...options,
      agent: false,
      host: hostOf(origin),
      port: plainPort ?? (Number(origin.port) || 80),
    });
  }
}

/** From one request to its answer, settled once. */
class Exchange {
  private begunMs = performance.now();
  private isSettled = false;

  constructor(
    private readonly request: ProbeRequest,
    private readonly sent: ClientRequest,
    private readonly resolve: (answer: ProbeAnswer) => void,
  ) {}

  begin(): void {
    this.begunMs = performance.now();
  }

  receive(response: IncomingMessage): void {
    const elapsedMs = performance.now() - this.begunMs;
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = () => this.settle(answered(this.request, response, Buffer.concat(parts), elapsedMs));
    response.on('data', (part: Buffer) => {
      parts.push(part.subarray(0, MOST_BODY_BYTES - bytes));
      bytes += part.length;
      if (bytes >= MOST_BODY_BYTES) end();
    });
    response.once('end', end);
    response.once('error', () => this.fail('broken-off'));
  }

  fail(failure: Failure, failureCode?: string): void {
    const { method, path } = this.request;
    const none = {
      method,
      path,
      status: 0,
      headers: new Map<string, string>(),
      setCookies: [],
      body: '',
      elapsedMs: 0,
    };
    this.settle({ ...none, failure, ...(failureCode === undefined ? {} : { failureCode }) });
  }

  private settle(answer: ProbeAnswer): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.resolve(answer);
    this.sent.destroy();
  }
}

function answered(
  { method, path }: ProbeRequest,
  response: IncomingMessage,
  body: Buffer,
  elapsedMs: number,
): ProbeAnswer {
  const headers = new Map<string, string>();
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index]!.toLowerCase();
    const before = headers.get(name);
    const value = response.rawHeaders[index + 1]!;
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const setCookies = response.headers['set-cookie'] ?? [];
  return {
    method,
    path,
    status: response.statusCode ?? 0,
    headers,
    setCookies,
    body: body.toString('utf8'),
    elapsedMs,
  };
}

const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL']);
const BROKEN_OFF = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'EPROTO']);
const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|CRL_|ERROR_IN_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

function failureOf({ code = '' }: NodeJS.ErrnoException): Failure {
  if (code === 'ECONNREFUSED') return 'refused';
  if (CERTIFICATE.test(code)) return 'certificate';
  if (UNREACHABLE.has(code)) return 'unreachable';
  return BROKEN_OFF.has(code) || code.startsWith('ERR_SSL') ? 'broken-off' : 'malformed';
}
