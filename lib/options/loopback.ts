const LOOPBACK_HOST = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/i;

/** Whether a URL's host name means this machine: `localhost` and below (RFC 6761 §6.3), `127.0.0.0/8`, `::1`. */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK_HOST.test(hostname);
}
