import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { MINUTE_MS, SECOND_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { TokenKeys } from '../tokens/token-keys.js';

export const JWKS_PATH = '/.well-known/jwks.json';

/** A new key is published at least this long before it signs: for as long nobody asks again. */
const CACHE_MS = 5 * MINUTE_MS;

/**
 * The public keys of access tokens (RFC 7517), at the root of the server whatever the module's path and the host's global
 * prefix are. 404 while there is none to publish; where there is no key pair at all the address stays the application's.
 */
@Injectable()
export class JwksRoute {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly keys: TokenKeys,
  ) {}

  /** Before the routes of the application: on Express one that takes every address would take this one too. */
  register(): void {
    if (!this.keys.hasKeyPairs) return;
    this.host.httpAdapter.get(JWKS_PATH, (_request: unknown, response: unknown) => this.answer(response));
  }

  private answer(response: unknown): void {
    const { httpAdapter } = this.host;
    const keySet = this.keys.published();
    const caching = keySet === undefined ? 'no-store' : `public, max-age=${CACHE_MS / SECOND_MS}`;
    httpAdapter.setHeader(response, 'Cache-Control', caching);
    if (keySet !== undefined) return void httpAdapter.reply(response, keySet, 200);
    httpAdapter.reply(response, new AuthError('NOT_FOUND').body, 404);
  }
}
