import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AddressedRequest } from '../common/client-address.js';
import { clientGone, type NodeResponse } from './client-gone.js';

/** A request and its response, as both adapters have them. */
export interface HttpExchange {
  readonly request: AddressedRequest & { readonly body?: unknown };
  readonly response: unknown;
  /** Aborts when the client has gone before its answer. */
  readonly gone: AbortSignal;
}

/** The request and response of this call. Nest still sends what the handler returns. */
export const Exchange = createParamDecorator((_data: unknown, context: ExecutionContext): HttpExchange => {
  const http = context.switchToHttp();
  const response: NodeResponse = http.getResponse();
  return { request: http.getRequest<HttpExchange['request']>(), response, gone: clientGone(response) };
});
