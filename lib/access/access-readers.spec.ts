import { RequestMethod } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Controller, Get, Post } from '@nestjs/common';
import { handlerKind, httpRoute, isGateway } from './handler-kinds.js';
import { apiKeyHeader, bearerToken, presentedCredential } from './presented-credential.js';
import { asRequest, graphqlHandshakeOf, handshakeOf, isObject, withToken } from './socket-handshake.js';
import { wasJudged, AuthSeal, markJudged } from './auth-seal.js';
import type { ExecutionContext } from '@nestjs/common';
import { addAccessMark, marksOfClass, marksOfMethod, saysWho } from './access-mark.js';

const headers = (values: Record<string, string | string[]>) => ({ headers: values });

describe('the credential of a request', () => {
  it.each([
    [{}, 'cookie'],
    [{ cookie: 'a=b' }, 'cookie'],
    [{ authorization: 'Basic x' }, 'cookie'],
    [{ authorization: 'Bearerx' }, 'cookie'],
    [{ authorization: ' Bearer x' }, 'cookie'],
    [{ authorization: 'Bearer' }, 'bearer'],
    [{ authorization: 'BEARER x' }, 'bearer'],
    [{ authorization: ['Basic x', 'bearer\tx'] }, 'bearer'],
    [{ 'x-api-key': '' }, 'api-key'],
    [{ 'x-api-key': ['a', 'b'] }, 'api-key'],
    [{ authorization: 'Basic x', 'x-api-key': 'a' }, 'api-key'],
    [{ authorization: 'bearer x', 'x-api-key': 'a' }, 'conflict'],
  ])('%o is %s', (values, presented) => {
    expect(presentedCredential(headers(values as Record<string, string>))).toBe(presented);
  });

  it('is a token in one header, of one form', () => {
    const token = (authorization?: string | string[]) =>
      bearerToken(headers(authorization === undefined ? {} : { authorization }));
    expect(token('Bearer aA0-._~+/==')).toBe('aA0-._~+/==');
    expect(token('bearer a')).toBe('a');
    expect(token(['Bearer a'])).toBe('a');
    for (const wrong of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer  a',
      'Bearer a b',
      'Bearer a=b',
      'Bearer =',
      'x Bearer a',
    ])
      expect(token(wrong)).toBeUndefined();
    expect(token(['Bearer a', 'Bearer a'])).toBeUndefined();
    expect(token([])).toBeUndefined();
  });

  it('is a key in one header', () => {
    expect(apiKeyHeader(headers({ 'x-api-key': 'k' }))).toBe('k');
    expect(apiKeyHeader(headers({ 'x-api-key': ['k', 'l'] }))).toBeUndefined();
    expect(apiKeyHeader(headers({}))).toBeUndefined();
  });
});

describe('what Nest calls a method as', () => {
  class Plain {
    method(): void {}
  }
  const kind = (key: string, value: unknown = true, on: 'method' | 'class' = 'method') => {
    class Some {
      method(): void {}
    }
    Reflect.defineMetadata(key, value, on === 'class' ? Some : Some.prototype.method);
    return handlerKind(Some, Some.prototype.method);
  };

  it('is told by its metadata', () => {
    expect(kind('microservices:pattern')).toBe('rpc');
    expect(kind('path', '/')).toBe('http');
    expect(kind('websockets:message_mapping')).toBe('ws');
    expect(kind('graphql:resolve_property')).toBe('graphql-field');
    expect(kind('graphql:resolve_reference')).toBe('graphql-field');
    for (const root of ['Query', 'Mutation', 'Subscription']) {
      expect(kind('graphql:resolver_type', root)).toBe('graphql');
      expect(kind('graphql:resolver_type', root, 'class')).toBe('graphql');
    }
    expect(kind('graphql:resolver_type', 'Author')).toBeUndefined();
    expect(handlerKind(Plain, Plain.prototype.method)).toBeUndefined();
  });

  it('is a gateway by its class', () => {
    expect(isGateway(Plain)).toBe(false);
    Reflect.defineMetadata('websockets:is_gateway', true, Plain);
    expect(isGateway(Plain)).toBe(true);
  });
});

describe('the route of a handler', () => {
  @Controller(['/a/', 'b'])
  class Many {
    @Get(['x', '//y//']) list(): void {}
    @Post() add(): void {}
  }
  @Controller()
  class Root {
    @Get() all(): void {}
  }

  it('is every path of controller and method', () => {
    expect(httpRoute(Many, Many.prototype.list)).toEqual({ method: 'GET', paths: ['/a/x', '/a/y', '/b/x', '/b/y'] });
    expect(httpRoute(Many, Many.prototype.add)).toEqual({ method: 'POST', paths: ['/a', '/b'] });
    expect(httpRoute(Root, Root.prototype.all)).toEqual({ method: 'GET', paths: ['/'] });
  });

  it('is of any method that is not known, and GET without one', () => {
    class Odd {
      odd(): void {}
      plain(): void {}
    }
    Reflect.defineMetadata('method', 99, Odd.prototype.odd);
    expect(httpRoute(Odd, Odd.prototype.odd)).toEqual({ method: 'ALL', paths: ['/'] });
    expect(httpRoute(Odd, Odd.prototype.plain).method).toBe('GET');
    Reflect.defineMetadata('path', '', Odd.prototype.plain);
    Reflect.defineMetadata('method', RequestMethod.ALL, Odd.prototype.plain);
    expect(httpRoute(Odd, Odd.prototype.plain)).toEqual({ method: 'ALL', paths: ['/'] });
  });
});

describe('the handshake of a socket', () => {
  const request = { method: 'GET', headers: { cookie: 'a=b' }, socket: { remoteAddress: '192.0.2.1' } };

  it('is none of what is no object', () => {
    for (const nothing of [null, undefined, 'x', 7]) {
      expect(handshakeOf(nothing)).toBeUndefined();
      expect(isObject(nothing)).toBe(false);
      expect(asRequest(nothing)).toBeUndefined();
    }
    expect(isObject(() => undefined)).toBe(true);
    expect(asRequest({ headers: 'x' })).toBeUndefined();
    expect(asRequest(request)).toBe(request);
  });

  it('keeps all but what its token says', () => {
    expect(handshakeOf({ handshake: { ...request, auth: { token: 't' } } })).toEqual({
      method: 'GET',
      headers: { cookie: 'a=b', authorization: 'Bearer t' },
      socket: request.socket,
    });
    expect(handshakeOf({ handshake: { ...request, auth: 'none' } })?.headers).toEqual({ cookie: 'a=b' });
    expect(handshakeOf({ handshake: { ...request, auth: { token: null } } })?.headers).toEqual({ cookie: 'a=b' });
  });

  it('takes a token that is no text for a wrong one', () => {
    expect(withToken(request, 7)?.headers).toEqual({ cookie: 'a=b', authorization: 'Bearer ' });
    expect(withToken(undefined, 't')).toEqual({
      method: undefined,
      headers: { authorization: 'Bearer t' },
      socket: undefined,
    });
    expect(withToken(request, undefined)).toBe(request);
    expect(withToken(request, null)).toBe(request);
  });

  it('of graphql-ws is what stands in its context', () => {
    const socket = {};
    const of = (connectionParams?: unknown) =>
      graphqlHandshakeOf({ extra: { socket, request }, connectionParams })?.request?.headers['authorization'];
    expect(graphqlHandshakeOf(undefined)).toBeUndefined();
    expect(graphqlHandshakeOf({})).toBeUndefined();
    expect(graphqlHandshakeOf({ extra: { request } })).toBeUndefined();
    expect(graphqlHandshakeOf({ extra: { socket } })).toEqual({ socket, request: undefined });
    expect(graphqlHandshakeOf({ extra: { socket, request } })).toEqual({ socket, request });
    for (const none of [undefined, null, 'x', {}, { authorization: null }]) expect(of(none)).toBeUndefined();
    expect(of({ authorization: 'BEARER\tx' })).toBe('BEARER\tx');
    for (const wrong of [7, 'Bearer', 'xBearer y', 'Basic x']) expect(of({ authorization: wrong })).toBe('Bearer ');
  });
});

describe('a call that was judged', () => {
  it('passes the seal, and no other', () => {
    class Notes {
      list(): void {}
    }
    const context = () =>
      ({ getClass: () => Notes, getHandler: () => Notes.prototype.list }) as unknown as ExecutionContext;
    const [judged, other] = [context(), context()];
    markJudged(judged);
    markJudged(judged);
    expect(wasJudged(judged)).toBe(true);
    expect(wasJudged(other)).toBe(false);
    expect(new AuthSeal().canActivate(judged)).toBe(true);
    expect(() => new AuthSeal().canActivate(other)).toThrow(
      'Notes.list carries @Auth(), but AuthModule does not guard this application. ' +
        'Import AuthModule.forRoot() in its root module.',
    );
  });
});

describe('marks', () => {
  it('stand where they were put, on the function and on the name', () => {
    class Base {
      method(): void {}
    }
    class Derived extends Base {}
    addAccessMark({ kind: 'public' }, Base);
    addAccessMark({ kind: 'optional' }, Base);
    addAccessMark({ kind: 'enrolment' }, Base.prototype, 'method', Base.prototype.method);
    expect(marksOfClass(Base)).toEqual([{ kind: 'public' }, { kind: 'optional' }]);
    expect(marksOfClass(Derived)).toEqual([]);
    expect(marksOfMethod(Base.prototype, 'method')).toEqual([{ kind: 'enrolment' }]);
    expect(marksOfMethod(Derived.prototype, 'method')).toEqual([{ kind: 'enrolment' }]);
    expect(marksOfMethod(Base.prototype, 'other')).toEqual([]);
    const bare = Base.prototype.method;
    Base.prototype.method = function wrapped(): void {};
    expect(marksOfMethod(Base.prototype, 'method')).toEqual([{ kind: 'enrolment' }]);
    class Other {}
    Object.assign(Other.prototype, { borrowed: bare, value: 7 });
    expect(marksOfMethod(Other.prototype, 'borrowed')).toEqual([{ kind: 'enrolment' }]);
    expect(marksOfMethod(Other.prototype, 'value')).toEqual([]);
  });

  it('say who is let in, but for two', () => {
    const says = (['auth', 'public', 'optional', 'enrolment', 'impersonation'] as const).map((kind) =>
      saysWho((kind === 'auth' ? { kind, rule: {} } : { kind }) as never),
    );
    expect(says).toEqual([true, true, true, false, false]);
  });
});
