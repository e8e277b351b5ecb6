import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../common/client-address.js';

const HEADER = 'x-forwarded-for';

/**
 * Makes `request.ip` of Express and of Fastify say what `ClientAddresses` says. Both take the entry that `trustedProxyHops`
 * counts to as it stands, and the client's own word when there are fewer entries than proxies.
 */
export function settleForwardedChain(request: IncomingMessage, trustedProxyHops: number): void {
  const chain = request.headers[HEADER];
  if (trustedProxyHops === 0 || chain === undefined) return;
  const entries = String(chain).split(',');
  if (entries.length < trustedProxyHops) {
    delete request.headers[HEADER];
    return;
  }
  entries[entries.length - trustedProxyHops] = clientAddress(request, trustedProxyHops);
  request.headers[HEADER] = entries.join(',');
}
