import { HttpException } from '@nestjs/common';
import { AuthError } from '../errors/auth-error.js';
import type { Transport } from './call-site.js';

/** A refusal as sockets, microservices and GraphQL clients see it. */
export interface TransportBody {
  readonly code: string;
  readonly message: string;
  readonly statusCode: number;
  readonly details?: unknown;
}

/**
 * The same refusal in the transport's own class: a socket or microservice client is told "Internal server error" of
 * anything but a `WsException` or `RpcException`, and GraphQL keeps a `code` of ours only in `extensions`. Other errors
 * stay what they are.
 */
export async function transportError(transport: Transport, error: unknown): Promise<unknown> {
  if (!(error instanceof HttpException)) return error;
  if (transport === 'ws') return socketError(refusalBody(error), error);
  if (transport === 'rpc') return rpcError(refusalBody(error), error);
  if (transport === 'graphql' && error instanceof AuthError) return graphqlError(refusalBody(error), error);
  return error;
}

export function refusalBody(error: HttpException): TransportBody {
  const statusCode = error.getStatus();
  if (!(error instanceof AuthError)) return { code: `HTTP_${statusCode}`, message: error.message, statusCode };
  const { code, message, details } = error.body;
  return { code, message, statusCode, ...(details === undefined ? {} : { details }) };
}

async function socketError(body: TransportBody, fallback: HttpException): Promise<unknown> {
  const loaded = await optional(() => import('@nestjs/websockets'));
  return loaded === undefined ? fallback : new loaded.WsException(body);
}

async function rpcError(body: TransportBody, fallback: HttpException): Promise<unknown> {
  const loaded = await optional(() => import('@nestjs/microservices'));
  return loaded === undefined ? fallback : new loaded.RpcException(body);
}

async function graphqlError({ message, ...extensions }: TransportBody, fallback: HttpException): Promise<unknown> {
  const loaded = await optional(() => import('graphql'));
  return loaded === undefined ? fallback : new loaded.GraphQLError(message, { extensions });
}

async function optional<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch {
    return undefined;
  }
}
