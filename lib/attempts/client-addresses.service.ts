import { Injectable, Logger } from '@nestjs/common';
import { clientAddress, clientInfo, type AddressedRequest, type ClientInfo } from '../common/client-address.js';
import { AuthSettings } from '../options/auth-settings.js';

const FORWARDED_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded'] as const;

/**
 * The one resolver of client addresses: throttling, lockout, sessions and address rules all ask it, by `trustedProxyHops`.
 * For the application's own code it makes the `client` of {@link ActedBy}.
 *
 * @example
 * await accounts.disable(userId, { actorId: who.userId, client: this.addresses.of(request) });
 */
@Injectable()
export class ClientAddresses {
  private readonly logger = new Logger('Gatehouse');
  private seen = false;

  constructor(private readonly settings: AuthSettings) {}

  /**
   * Whether a request named a forwarded address although no proxy is trusted.
   *
   * @internal
   */
  get forwardedSeen(): boolean {
    return this.seen;
  }

  /** Address and user agent of the client behind a request of Express, of Fastify or of `node:http`. Never throws. */
  of(request: AddressedRequest): ClientInfo {
    return clientInfo(request, this.hopsFor(request));
  }

  /**
   * The address alone: what a request is counted by needs no more.
   *
   * @internal
   */
  addressOf(request: AddressedRequest): string {
    return clientAddress(request, this.hopsFor(request));
  }

  private hopsFor(request: AddressedRequest): number {
    const { trustedProxyHops } = this.settings;
    if (trustedProxyHops === 0 && !this.seen) this.noteForwarded(request);
    return trustedProxyHops;
  }

  private noteForwarded({ headers }: AddressedRequest): void {
    const header = FORWARDED_HEADERS.find((name) => headers[name] !== undefined);
    if (header === undefined) return;
    this.seen = true;
    this.logger.warn(
      `A request carries ${header}, and trustedProxyHops is 0: the header is ignored. Behind a proxy every client has ` +
        `the proxy's address, and so one shared budget: set trustedProxyHops to the number of proxies. Logged once.`,
    );
  }
}
