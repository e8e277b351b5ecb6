import { BadRequestException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { WsException } from '@nestjs/websockets';
import { GraphQLError } from 'graphql';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { AuthError } from '../errors/auth-error.js';
import { wasJudged } from './auth-seal.js';
import { sealedGuard } from './sealed-guard.js';
import { refusalBody, transportError } from './transport-errors.js';

const refused = new AuthError('FORBIDDEN');
const body = { code: 'FORBIDDEN', message: refused.body.message, statusCode: 403 };

describe('a refusal as a transport tells it', () => {
  it('is of the class of the transport, with the same body', async () => {
    const ws = (await transportError('ws', refused)) as WsException;
    expect(ws).toBeInstanceOf(WsException);
    expect(ws.getError()).toEqual(body);
    const rpc = (await transportError('rpc', refused)) as RpcException;
    expect(rpc).toBeInstanceOf(RpcException);
    expect(rpc.getError()).toEqual(body);
    const graphql = (await transportError('graphql', refused)) as GraphQLError;
    expect(graphql).toBeInstanceOf(GraphQLError);
    expect(graphql.message).toBe(body.message);
    expect(graphql.extensions).toEqual({ code: 'FORBIDDEN', statusCode: 403 });
  });

  it('stays what it is over HTTP, elsewhere, and where it is no refusal', async () => {
    expect(await transportError('http', refused)).toBe(refused);
    expect(await transportError('other', refused)).toBe(refused);
    const own = new BadRequestException('no');
    expect(await transportError('graphql', own)).toBe(own);
    for (const transport of ['ws', 'rpc', 'graphql', 'http'] as const) {
      const error = new Error('x');
      expect(await transportError(transport, error)).toBe(error);
    }
  });

  it('carries details where there are any, and the status of other exceptions', async () => {
    const detailed = new AuthError('SECOND_FACTOR_REQUIRED', { details: { methods: ['code'] } });
    expect(refusalBody(detailed)).toMatchObject({ code: 'SECOND_FACTOR_REQUIRED', details: { methods: ['code'] } });
    expect(refusalBody(refused)).not.toHaveProperty('details');
    const ws = (await transportError('ws', new BadRequestException('no'))) as WsException;
    expect(ws.getError()).toEqual({ code: 'HTTP_400', message: 'no', statusCode: 400 });
  });
});

describe('a guard in the place of ours', () => {
  const answering = (answer: unknown) => sealedGuard({ canActivate: () => answer } as CanActivate);
  const context = () => ({}) as ExecutionContext;

  it.each([true, Promise.resolve(true), of(true)])('is believed when it allows: %o', async (answer) => {
    const call = context();
    expect(await answering(answer).canActivate(call)).toBe(true);
    expect(wasJudged(call)).toBe(true);
  });

  it.each([false, Promise.resolve(false), of(false)])('is believed when it refuses: %o', async (answer) => {
    const call = context();
    expect(await answering(answer).canActivate(call)).toBe(false);
    expect(wasJudged(call)).toBe(false);
  });
});
