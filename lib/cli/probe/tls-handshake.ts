import { connect, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { tlsOptions, trust } from './probe-sender.js';
import type { ProbeTarget } from './probe-target.js';

const HANDSHAKE_WITHIN_MS = 5_000;

export type Handshake =
  | { readonly made: true; readonly protocol: string; readonly validTo: string }
  | { readonly made: false; readonly code: string };

/** One handshake with the certificate verified, and nothing sent after it. */
export function handshake(target: ProbeTarget, more: SecureContextOptions = {}): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = connect({ ...tlsOptions(target), secureContext: trust(target, more) });
    const end = (result: Handshake) => {
      clearTimeout(timer);
      resolve(result);
      socket.destroy();
    };
    const timer = setTimeout(() => end({ made: false, code: 'ETIMEDOUT' }), HANDSHAKE_WITHIN_MS);
    socket.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => end({ made: false, code }));
    socket.once('close', () => end({ made: false, code: 'ECONNRESET' }));
    socket.once('secureConnect', () => {
      const { valid_to: validTo } = socket.getPeerCertificate();
      end({ made: true, protocol: socket.getProtocol() ?? 'unknown', validTo });
    });
  });
}

/** Whether the server still takes a version of TLS that nobody should. OpenSSL offers those at security level 0 alone. */
export function oldHandshake(target: ProbeTarget, version: SecureVersion): Promise<Handshake> {
  return handshake(target, { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' });
}
