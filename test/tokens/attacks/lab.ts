import { Controller, Get } from '@nestjs/common';
import { request } from 'node:http';
import { Auth, CurrentPrincipal, Principal, type TokenOptions } from '../../../lib/index.js';
import { TestClock } from '../../../lib/testing/index.js';
import type { JsonObject, TokenAlgorithm } from '../../../lib/tokens/jws.js';
import { TokenKeys } from '../../../lib/tokens/token-keys.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../../support/app.js';
import type { Answer } from '../../support/client.js';
import { contentOf, forge, newPrivateKey, signerOf, type Draft, type Sign } from './forge.js';

@Controller()
class WhoController {
  @Get('whoami')
  @Auth()
  who(@CurrentPrincipal() { userId, via }: Principal): object {
    return { userId, via };
  }
}

/** A user who holds tokens. */
export interface Holder {
  readonly userId: string;
  readonly token: string;
  readonly refreshToken: string;
  readonly deviceToken: string;
  readonly claims: JsonObject;
}

export interface LabSetup extends AppSetup {
  readonly tokens?: TokenOptions;
}

/** An application whose access tokens are signed in one way, with somebody signed in. */
export class Lab {
  private constructor(
    readonly algorithm: TokenAlgorithm,
    readonly app: TestApp,
    readonly clock: TestClock,
    readonly holder: Holder,
  ) {}

  static async start(algorithm: TokenAlgorithm, { tokens, auth, ...setup }: LabSetup = {}): Promise<Lab> {
    const clock = new TestClock();
    const signing = algorithm === 'HS256' ? {} : { signingKey: { privateKey: newPrivateKey(algorithm) } };
    const app = await startApp({
      controllers: [WhoController],
      clock,
      ...setup,
      auth: { ...auth, tokens: { ...signing, ...tokens } },
    });
    return new Lab(algorithm, app, clock, await signUp(app, 'ada@example.com'));
  }

  get keys(): TokenKeys {
    return this.app.get(TokenKeys);
  }

  /** Seconds. */
  get now(): number {
    return Math.floor(this.clock.now() / 1_000);
  }

  get header(): JsonObject {
    return contentOf(this.holder.token).header;
  }

  get sign(): Sign {
    return signerOf(this.algorithm, this.keys.signing.signKey);
  }

  /** A token that our own key signs, with whatever it is told to say. */
  signed({ header = {}, claims = {}, ...draft }: Partial<Draft> & { header?: object; claims?: object } = {}): string {
    const payload = { ...this.holder.claims, ...claims };
    return forge({ payload, sign: this.sign, ...draft, header: { ...this.header, ...header } });
  }

  /** The answer of the guarded route to a token. */
  ask(token: string): Promise<Answer> {
    return this.app.client().get('/whoami', { headers: { authorization: `Bearer ${token}` } });
  }

  /** The status for header lines exactly as they are given, on a connection of its own. */
  askRaw(authorization: readonly string[], path = '/whoami'): Promise<number> {
    return new Promise((resolve, reject) => {
      const { host } = new URL(this.app.url);
      const headers = ['host', host, ...authorization.flatMap((value) => ['authorization', value])];
      const sent = request(this.app.url + path, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject).end();
    });
  }

  signUp(email: string): Promise<Holder> {
    return signUp(this.app, email);
  }
}

async function signUp(app: TestApp, email: string): Promise<Holder> {
  await app.client().register(email);
  const { body } = await app.client().signIn(email, PASSWORD, { deliver: 'tokens' });
  return {
    userId: body.user.id,
    token: body.access_token,
    refreshToken: body.refresh_token,
    deviceToken: body.device_token,
    claims: contentOf(body.access_token).claims,
  };
}
