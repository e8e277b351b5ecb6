import type { HttpAdapter, RequestHook } from './http-application.js';
import type { RequestGate } from './request-gate.js';

/** Where the gate of a Fastify instance is found by what only its constructor takes. */
export const GATE = Symbol('gatehouse:gate');

/**
 * Puts the gate before everything else: the one hook of an adapter runs before every middleware, those of
 * `NestFactory.create` included. A hook of the application's own runs after it, whenever it is set.
 */
export function firstOnRequest(adapter: HttpAdapter, gate: RequestGate): void {
  let own: RequestHook | undefined = adapter.onRequestHook;
  adapter.setOnRequestHook((request, response, done) => {
    if (gate.answer(request.raw ?? request, response.raw ?? response)) {
      response.hijack?.();
      return undefined;
    }
    if (own === undefined) return done();
    return own.call(adapter, request, response, done);
  });
  adapter.setOnRequestHook = (hook) => {
    own = hook;
  };
  const instance = adapter.getInstance() as object;
  Object.defineProperty(instance, GATE, { value: gate });
}
