import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Principal } from '../common/principal.js';
import { callSiteOf, callSiteOfRequest } from './call-site.js';
import { leaveHandshake, presentToken } from './socket-handshake.js';
import { followVerdicts, leaveVerdict, rememberedOutcome, verdictOf, type Verdict } from './call-state.js';

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
    ['the context itself', (connection: object) => connection],
    ['req, as Nest puts it', (connection: object) => ({ req: connection })],
  ])('finds the handshake and the parameters of graphql-ws in %s', (_, wrap) => {
    const authorizationOf = (more: object, token?: string) => {
      const socket = {};
      if (token !== undefined) presentToken(socket, token);
      const site = callSiteOf(contextOf('graphql', [{}, {}, wrap({ extra: { socket, request }, ...more }), {}]));
      expect(site).toMatchObject({ carrier: socket, perMessage: true, request: { headers: { cookie: 'a=b' } } });
      return site.request?.headers['authorization'];
    };
    expect(authorizationOf({})).toBeUndefined();
    expect(authorizationOf({ connectionParams: { authorization: 'Bearer x' } })).toBe('Bearer x');
    expect(authorizationOf({ connectionParams: { Authorization: 'bearer x' } })).toBe('bearer x');
    expect(authorizationOf({ connectionParams: { authorization: 'Basic x' } })).toBe('Bearer ');
    expect(authorizationOf({ connectionParams: { authorization: 'Bearer x' } }, 'newer')).toBe('Bearer newer');
  });

  it('lets the latest token of a socket stand for its Authorization header', () => {
    const client = { handshake: { ...request, auth: { token: 'first' } } };
    const authorization = () => callSiteOf(contextOf('ws', [client, {}, 'x'])).request?.headers['authorization'];
    expect(authorization()).toBe('Bearer first');
    presentToken(client, 'second');
    expect(authorization()).toBe('Bearer second');
  });

  it('finds the handshake that was left for a bare socket', () => {
    const client = { send: () => undefined };
    leaveHandshake(client, request);
    expect(callSiteOf(contextOf('ws', [client, {}, 'x'])).request).toBe(request);
  });

  it('asks the extractor for the token of a message, and takes nothing else of it', () => {
    const found = (token: unknown) =>
      callSiteOf(contextOf('rpc', [{ headers: {} }, {}]), { accessToken: () => token as string }).request;
    expect(found('x')).toEqual({ headers: { authorization: 'Bearer x' } });
    for (const token of [undefined, null, 7, {}, ['x']]) expect(found(token)).toBeUndefined();
    const failing = () => {
      throw new Error('none');
    };
    expect(callSiteOf(contextOf('rpc', [{}, {}]), { accessToken: failing }).request).toBeUndefined();
  });

  it.each([
    ['graphql', [undefined, undefined, undefined, undefined]],
    ['graphql', [{}, {}, { req: { headers: 'none' } }, {}]],
    ['ws', [{ send: () => undefined }, 'text', 'pattern']],
    ['ws', [undefined, 'pattern']],
    ['rpc', [{ headers: {} }, { headers: {} }]],
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

  it.each([
    ['itself', (req: object) => req],
    ['an object that inherits from it', (req: object) => Object.create(req) as object],
    ['a proxy', (req: object) => new Proxy(req, {})],
  ])('is told to who follows the connection, whatever operations show of its handshake: %s', (_, shown) => {
    const handshake = { headers: { upgrade: 'websocket' } };
    const told: Principal[] = [];
    followVerdicts(handshake, (principal) => told.push(principal));
    leaveVerdict(callSiteOf(contextOf('graphql', [{}, {}, { req: shown(handshake) }, {}])), verdict);
    expect(told).toEqual([verdict.principal]);
  });

  it('is not handed to another message of the socket by the pattern that they share', () => {
    const client = { handshake: request };
    const pattern = { cmd: 'x' };
    leaveVerdict(callSiteOf(contextOf('ws', [client, { a: 1 }, pattern])), verdict);
    expect(verdictOf(callSiteOf(contextOf('ws', [client, { a: 1 }, pattern])))).toBeUndefined();
  });

  it('is not handed from one microservice message to another', () => {
    const [first, second] = [{}, {}];
    leaveVerdict(callSiteOf(contextOf('rpc', [{}, first])), verdict);
    expect(verdictOf(callSiteOf(contextOf('rpc', [{}, first])))).toBe(verdict);
    expect(verdictOf(callSiteOf(contextOf('rpc', [{}, second])))).toBeUndefined();
  });

  it('is not handed from one GraphQL resolver to another of the same request', () => {
    const graphqlContext = { req: { headers: {} } };
    const [guarded, open] = [{}, {}];
    leaveVerdict(callSiteOf(contextOf('graphql', [{}, {}, graphqlContext, guarded])), verdict);
    expect(verdictOf(callSiteOf(contextOf('graphql', [{}, {}, graphqlContext, guarded])))).toBe(verdict);
    expect(verdictOf(callSiteOf(contextOf('graphql', [{}, {}, graphqlContext, open])))).toBeUndefined();
  });
});
