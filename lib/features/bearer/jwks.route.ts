import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { MINUTE_MS, SECOND_MS } from '../../common/duration.js';
import { TokenKeys } from '../../tokens/token-keys.js';

export const JWKS_PATH = '/.well-known/jwks.json';

/** A new key is published at least this long before it signs: for as long nobody asks again. */
const CACHE_MS = 5 * MINUTE_MS;

/**
 * The public keys of access tokens (RFC 7517), at the root of the server whatever the module's path and the host's global
 * prefix are. 404 while there is none to publish.
 */
@Injectable()
export class JwksRoute implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly keys: TokenKeys,
  ) {}

  onModuleInit(): void {
    this.host.httpAdapter.get(JWKS_PATH, (_request: unknown, response: unknown) => {
      const { httpAdapter } = this.host;
      const keySet = this.keys.published();
      if (keySet === undefined) {
        httpAdapter.reply(
          response,
          { statusCode: 404, error: 'Not Found', code: 'NOT_FOUND', message: 'Not found.' },
          404,
        );
        return;
      }
      httpAdapter.setHeader(response, 'Cache-Control', `public, max-age=${CACHE_MS / SECOND_MS}`);
      httpAdapter.reply(response, keySet, 200);
    });
  }
}
