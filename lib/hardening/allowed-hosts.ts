import type { IncomingMessage } from 'node:http';
import { canonicalAddress } from '../common/client-address.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { isLoopbackHost } from '../options/loopback.js';
import { hostnameOf, normalHost } from './host-name.js';

const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/**
 * Which hosts this application answers for. Whoever writes the `Host` header otherwise decides about links, redirects and
 * cache entries that are built from it, and a page that rebinds its name to this server calls it as its own.
 */
export class AllowedHosts {
  private readonly names: ReadonlySet<string | undefined>;
  private readonly production: boolean;

  constructor({ http, environment }: AuthSettings) {
    this.names = new Set(http.hosts.map(normalHost));
    this.production = environment === 'production';
  }

  /** The host that a request is not answered for, or `undefined`: it is answered. */
  refused(request: IncomingMessage): { readonly host: string } | undefined {
    const named = hostsNamed(request);
    if (named.length === 0) return { host: '' };
    const wrong = named.find((host) => !this.allows(host, request) && !isOwnAddress(host, request));
    return wrong === undefined ? undefined : { host: wrong };
  }

  /** What the application's own code may read as `request.hostname` behind a proxy, where a client can write it too. */
  dropForeignForwardedHost(request: IncomingMessage): void {
    const forwarded = request.headers['x-forwarded-host'];
    if (forwarded === undefined) return;
    const hosts = String(forwarded).split(',');
    if (!hosts.every((host) => this.allows(host.trim(), request))) delete request.headers['x-forwarded-host'];
  }

  private allows(text: string, request: IncomingMessage): boolean {
    const host = normalHost(text);
    if (host === undefined) return false;
    return this.names.has(host) || (isLoopbackHost(hostnameOf(host)) && this.answersLoopback(request));
  }

  /** Health checks on the machine itself, and outside production whatever port a developer has taken. */
  private answersLoopback({ socket }: IncomingMessage): boolean {
    const peer = canonicalAddress(socket.remoteAddress ?? '');
    return !this.production || (peer !== undefined && isLoopbackHost(peer));
  }
}

/**
 * The address that the connection was made to, on any port: load balancers and kubelets check by it, and it is new with
 * each deployment. A page that has rebound its name still sends the name.
 */
function isOwnAddress(text: string, { socket }: IncomingMessage): boolean {
  const own = canonicalAddress(socket.localAddress ?? '');
  const host = normalHost(text);
  if (own === undefined || host === undefined) return false;
  return canonicalAddress(hostnameOf(host).replace(/^\[|\]$/g, '')) === own;
}

/** Every host that a request names: one `Host` line, and the request target where it is a whole URL (RFC 9112 §3.2). */
function hostsNamed({ rawHeaders, headers, url = '' }: IncomingMessage): readonly string[] {
  const lines = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  // Two lines are two readers who may disagree (RFC 9112 §3.2).
  const host = lines > 1 ? undefined : (headers.host ?? headers[':authority']);
  if (typeof host !== 'string' || host === '') return [];
  const [, target] = ABSOLUTE_FORM.exec(url) ?? [];
  return target === undefined ? [host] : [host, target];
}
