import { Injectable } from '@nestjs/common';
import { ClientAddresses } from '../attempts/client-addresses.service.js';
import type { AddressedRequest } from '../common/client-address.js';
import { AuthError } from '../errors/auth-error.js';
import { Metrics } from '../events/metrics.service.js';
import { AddressGate } from '../ip-rules/address-gate.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { CallSite } from './call-site.js';
import { isObject } from './socket-handshake.js';

type Peer = AddressedRequest['socket'];

/** Refuses calls from addresses that the rules keep out, before anything else is looked at. */
@Injectable()
export class AddressCheck {
  private readonly exempt: ReadonlySet<string>;

  constructor(
    private readonly gate: AddressGate,
    private readonly addresses: ClientAddresses,
    private readonly metrics: Metrics,
    settings: AuthSettings,
  ) {
    this.exempt = new Set(settings.ipRules.exempt);
  }

  /** Whether nothing has to be asked: one comparison, where there are no rules. */
  isOpen(): boolean {
    return this.gate.isOpen();
  }

  /**
   * Messages of a broker come from no client address, so that no rule is for them.
   *
   * @throws AuthError `ADDRESS_BLOCKED` (403), `STORE_UNAVAILABLE` (503) when rules have never been read
   */
  async require(site: CallSite): Promise<void> {
    if (site.transport === 'rpc' || site.transport === 'other' || this.isOpen() || this.isExempt(site)) return;
    const request = addressed(site);
    const { address } = request === undefined ? { address: '' } : this.addresses.of(request);
    if (await this.gate.admits(address)) return;
    this.metrics.count('auth_address_refusals', { transport: site.transport });
    throw new AuthError('ADDRESS_BLOCKED');
  }

  /** By the path as the client sent it, which must be the one that was routed: no other spelling of it counts. */
  private isExempt({ transport, request }: CallSite): boolean {
    if (transport !== 'http' || this.exempt.size === 0) return false;
    const { originalUrl, url } = request as { readonly originalUrl?: unknown; readonly url?: unknown };
    const path = pathOf(url);
    return path !== undefined && path === pathOf(originalUrl) && this.exempt.has(path);
  }
}

/** A handshake of socket.io shows headers alone: who sent them is known to the request behind it. */
function addressed({ request, carrier }: CallSite): AddressedRequest | undefined {
  if (request === undefined) return undefined;
  const { headers, socket, raw } = request as AddressedRequest;
  const behind = (carrier as { readonly request?: unknown } | undefined)?.request;
  const peer = socket ?? raw?.socket ?? (isObject(behind) ? (behind as { readonly socket?: Peer }).socket : undefined);
  return { headers, socket: peer };
}

function pathOf(url: unknown): string | undefined {
  return typeof url === 'string' ? url.split('?', 1)[0] : undefined;
}
