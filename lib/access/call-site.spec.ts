import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Principal } from '../common/principal.js';
import { callSiteOf, callSiteOfRequest } from './call-site.js';
import { leaveVerdict, rememberedOutcome, verdictOf, type Verdict } from './call-state.js';

function contextOf(type: string, args: readonly unknown[]): ExecutionContext {
  return { getType: () => type, getArgs: () => args } as unknown as ExecutionContext;
}

const request = { headers: { cookie: 'a=b' } };
const verdict: Verdict = { principal: Object.create(Principal.prototype) as Principal, user: async () => undefined };

describe('where a credential is looked for', () => {
  it.each([
    ['Apollo', { req: request }],
    ['an own context', { request }],
    ['Mercurius', { reply: { request } }],
  ])('finds the request of GraphQL: %s', (_, graphqlContext) => {
    expect(callSiteOf(contextOf('graphql', [{}, {}, graphqlContext, {}])).request).toBe(request);
  });

  it.each([
    ['socket.io', { handshake: request }],
    ['ws with upgradeReq', { upgradeReq: request }],
    ['ws with request', { request }],
  ])('finds the handshake of a socket: %s', (_, client) => {
    expect(callSiteOf(contextOf('ws', [client, {}, 'pattern'])).request).toBe(request);
  });

  it.each([
    ['graphql', [undefined, undefined, undefined, undefined]],
    ['graphql', [{}, {}, { req: { headers: 'none' } }, {}]],
    ['ws', [{ send: () => undefined }, 'text', 'pattern']],
    ['ws', [undefined, 'pattern']],
    ['rpc', [{ headers: {} }, {}]],
    ['necord', [{ headers: {} }]],
  ])('finds none in %s %o', (type, args) => {
    expect(callSiteOf(contextOf(type, args)).request).toBeUndefined();
  });
});

describe('what is remembered', () => {
  const none = async () => ({ status: 'none' }) as const;

  it('is the same for a Fastify request and the Node request that middleware sees', () => {
    const raw = { headers: {} };
    leaveVerdict(callSiteOf(contextOf('http', [{ headers: {}, raw }])), verdict);
    expect(verdictOf(callSiteOfRequest(raw))).toBe(verdict);
  });

  it('is one outcome a request, and one a message', () => {
    const http = { headers: {} };
    const read = (type: string, args: unknown[]) =>
      rememberedOutcome(callSiteOf(contextOf(type, args)), 'session', none);
    expect(read('http', [http])).toBe(read('http', [http]));
    const client = { handshake: request };
    const message = [client, {}, 'pattern'];
    expect(read('ws', message)).toBe(read('ws', message));
    expect(read('ws', message)).not.toBe(read('ws', [client, {}, 'pattern']));
  });

  it('is one outcome an operation when GraphQL runs over a WebSocket', () => {
    const req = { method: 'GET', headers: { upgrade: 'WebSocket' } };
    const read = (info: object) =>
      rememberedOutcome(callSiteOf(contextOf('graphql', [{}, {}, { req }, info])), 'session', none);
    expect(read({})).not.toBe(read({}));
  });

  it('is not handed to another message of the socket by the pattern that they share', () => {
    const client = { handshake: request };
    const pattern = { cmd: 'x' };
    leaveVerdict(callSiteOf(contextOf('ws', [client, { a: 1 }, pattern])), verdict);
    expect(verdictOf(callSiteOf(contextOf('ws', [client, { a: 1 }, pattern])))).toBeUndefined();
  });

  it('is not handed from one GraphQL resolver to another of the same request', () => {
    const graphqlContext = { req: { headers: {} } };
    const [guarded, open] = [{}, {}];
    leaveVerdict(callSiteOf(contextOf('graphql', [{}, {}, graphqlContext, guarded])), verdict);
    expect(verdictOf(callSiteOf(contextOf('graphql', [{}, {}, graphqlContext, guarded])))).toBe(verdict);
    expect(verdictOf(callSiteOf(contextOf('graphql', [{}, {}, graphqlContext, open])))).toBeUndefined();
  });
});
