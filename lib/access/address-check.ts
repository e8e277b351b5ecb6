import { Injectable } from '@nestjs/common';
import { ClientAddresses } from '../attempts/client-addresses.service.js';
import { AuthError } from '../errors/auth-error.js';
import { Metrics } from '../events/metrics.service.js';
import { AddressGate } from '../ip-rules/address-gate.js';
import { AuthSettings } from '../options/auth-settings.js';
import { addressedRequest } from './addressed-request.js';
import type { CallSite } from './call-site.js';

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
    const request = addressedRequest(site);
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

function pathOf(url: unknown): string | undefined {
  return typeof url === 'string' ? url.split('?', 1)[0] : undefined;
}
