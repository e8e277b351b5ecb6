import { Controller, Post } from '@nestjs/common';
import { Auth, CurrentPrincipal, Principal, Tokens } from '../../lib/index.js';
import { Exchange, type HttpExchange } from '../../lib/http/exchange.decorator.js';
import type { AppSetup, TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { asBearer, askToken, challengeOf, startTokens, TokenRoutes, type TokenSet } from './kit.js';

/** The example of RFC 7636 appendix B. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const SPENT = '401 invalid_grant CHALLENGE_EXPIRED';

/** How a host hands a code to its native application. */
@Controller('native')
export class NativeController {
  constructor(private readonly tokens: Tokens) {}

  @Post('code')
  @Auth()
  async code(@CurrentPrincipal() who: Principal, @Exchange() { request }: HttpExchange): Promise<{ code: string }> {
    return { code: await this.tokens.authorizationCode(who, request.body as { codeChallenge: string }) };
  }
}

/** `startTokens` with the route above. */
export function startCodes(setup: AppSetup = {}): Promise<TestApp> {
  const auth = { ...setup.auth, rateLimits: { multiplier: 1_000 } };
  return startTokens({ ...setup, controllers: [TokenRoutes, NativeController], auth });
}

/** A code for whom a browser has signed in. */
export async function codeOf(browser: Client, more: object = {}): Promise<string> {
  return codeIn(await browser.post('/native/code', { codeChallenge: challengeOf(VERIFIER), ...more }));
}

/** A code for the owner of an access token. */
export const askCode = (app: TestApp, { access_token }: TokenSet, more: object = {}): Promise<Answer> =>
  asBearer(app, access_token, '/native/code', 'POST', { codeChallenge: challengeOf(VERIFIER), ...more });

export function codeIn({ status, body, text }: Answer): string {
  if (status !== 201) throw new Error(`The code was answered ${status}: ${text}`);
  return body.code as string;
}

export const redeem = (app: TestApp, code: string, code_verifier = VERIFIER): Promise<Answer> =>
  askToken(app, { grant_type: 'authorization_code', code, code_verifier });
