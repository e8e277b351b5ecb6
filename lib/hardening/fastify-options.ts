import type { IncomingMessage, ServerResponse } from 'node:http';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthValues } from '../options/auth-options.js';
import { bytesOf } from '../options/http-values.js';
import { Problems } from '../options/problems.js';
import { readGroup } from '../options/read-group.js';
import { VALUE_OPTIONS } from '../options/value-options.js';
import { GATE } from './request-hook.js';
import type { RequestGate } from './request-gate.js';
import { REQUEST_TIMEOUT_MS } from './server-timeouts.js';
import { trustHops } from './trust-hops.js';

/** What the constructor of `FastifyAdapter` is given. */
export interface FastifyHardening {
  /** Trusts as many proxies as `trustedProxyHops` says; a number in its place makes Fastify trust none. */
  readonly trustProxy: ((address: string, hop: number) => boolean) | false;
  /** Bytes. */
  readonly bodyLimit: number;
  /** Milliseconds in which a request has to be there, body included; Fastify's own default is for ever. */
  readonly requestTimeout: number;
  /** Gives answers to addresses that cannot be read the headers of all others. */
  frameworkErrors(error: Error, request: UnroutedRequest, reply: UnroutedReply): void;
}

/** A request that Fastify's router could not read. */
export interface UnroutedRequest {
  readonly raw: object;
  readonly server: object;
}

/** What answers it. */
export interface UnroutedReply {
  readonly raw: object;
}

const OPTIONS = { http: VALUE_OPTIONS.http, trustedProxyHops: VALUE_OPTIONS.trustedProxyHops };

/**
 * What only the constructor of `FastifyAdapter` takes, by the options that `AuthModule` is given: hand both the same. The
 * check `network.harden` compares them at start.
 *
 * @example
 * const app = await NestFactory.create(AppModule, new FastifyAdapter(fastifyOptions({ trustedProxyHops: 1 })));
 * harden(app);
 * @throws StartUpError when one of the two options is not valid.
 */
export function fastifyOptions(options: Pick<AuthValues, 'http' | 'trustedProxyHops'> = {}): FastifyHardening {
  const problems = new Problems();
  const { http, trustedProxyHops } = options;
  const { http: read, trustedProxyHops: hops = 0 } = readGroup(OPTIONS, { http, trustedProxyHops }, '', {
    problems,
    refuseEmpty: false,
  });
  if (problems.lines.length > 0) throw new StartUpError('the options are not valid.', problems.lines);
  return {
    trustProxy: trustHops(hops),
    bodyLimit: bytesOf(read.bodyLimit)!,
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors,
  };
}

function frameworkErrors(error: Error, request: UnroutedRequest, reply: UnroutedReply): void {
  const gate = (request.server as { readonly [GATE]?: RequestGate })[GATE];
  if (gate?.answer(request.raw as IncomingMessage, reply.raw as ServerResponse) === true) return;
  (reply as UnroutedReply & { send(error: Error): unknown }).send(error);
}
