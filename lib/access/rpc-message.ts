import type { ExecutionContext } from '@nestjs/common';
import type { RpcOptions } from '../options/auth-options.js';
import type { AuthRequest } from './credential-source.js';

/**
 * What a message of a microservice presents: the token that the application's extractor finds, and nothing else. An
 * extractor that throws, or finds no text, has found no credential.
 */
export function rpcRequest(context: ExecutionContext, rpc: RpcOptions | undefined): AuthRequest | undefined {
  const token = tokenOf(context, rpc);
  return token === undefined ? undefined : { headers: { authorization: `Bearer ${token}` } };
}

function tokenOf(context: ExecutionContext, rpc: RpcOptions | undefined): string | undefined {
  try {
    const token: unknown = rpc?.accessToken(context);
    return typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}
