import type { AddressedRequest } from '../common/client-address.js';
import type { CallSite } from './call-site.js';
import { isObject } from './socket-handshake.js';

type Peer = AddressedRequest['socket'];

/**
 * The request of a call with the peer that sent it. A handshake of socket.io shows headers alone: who sent them is known to
 * the request behind it. A message of a broker has no peer.
 */
export function addressedRequest({
  request,
  carrier,
}: Pick<CallSite, 'request' | 'carrier'>): AddressedRequest | undefined {
  if (request === undefined) return undefined;
  const { headers, socket, raw } = request as AddressedRequest;
  const behind = (carrier as { readonly request?: unknown } | undefined)?.request;
  const peer = socket ?? raw?.socket ?? (isObject(behind) ? (behind as { readonly socket?: Peer }).socket : undefined);
  return { headers, socket: peer };
}
