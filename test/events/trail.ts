import * as v from 'valibot';
import { AuthHooks, type AuthEventType, type BeforeSignIn } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { discovered } from '../oauth/kit.js';
import { startHostileProvider, type HostileProvider } from '../oauth/hostile-provider.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { expectStatus, GuardedRoutes, Lines } from './kit.js';

export const WRONG = 'a wrong password altogether';

export interface Known {
  readonly id: string;
  readonly email: string;
  /** Signed in, for those that ask for it. */
  readonly browser: Client;
}

/** Something that happens, and the events that it leaves: no more and no fewer. */
export interface Occasion {
  readonly what: string;
  readonly events: readonly AuthEventType[];
  /** Kinds of the letters that follow. */
  readonly letters?: readonly string[];
  /** Whom the events are about. Default: the person, or nobody where an identifier is told instead. */
  readonly about?: 'nobody' | 'another';
  readonly signedIn?: boolean;
  /** Before it is looked at. */
  readonly given?: (trail: Trail, person: Known) => Promise<unknown>;
  readonly run: (trail: Trail, person: Known) => Promise<unknown>;
}

class Hooks extends AuthHooks {
  refusesRegistrations = false;
  veto: (signIn: BeforeSignIn) => Promise<boolean | void> | boolean | void = () => undefined;

  override beforeRegister(): boolean {
    return !this.refusesRegistrations;
  }

  override beforeSignIn(signIn: BeforeSignIn): Promise<boolean | void> | boolean | void {
    return this.veto(signIn);
  }
}

/** An application whose trail is looked at, and what people do there. */
export class Trail {
  /** What must stand in no row, line or letter. */
  readonly secrets = new Set<string>([PASSWORD, WRONG]);

  private constructor(
    readonly app: TestApp,
    readonly hooks: Hooks,
    readonly clock: TestClock,
    readonly lines: Lines,
    readonly provider: HostileProvider,
  ) {}

  static async start(stack: AppSetup): Promise<Trail> {
    const clock = new TestClock();
    const lines = new Lines();
    const provider = await startHostileProvider();
    const app = await startApp({
      ...stack,
      clock,
      logger: lines,
      controllers: [GuardedRoutes],
      auth: {
        jobs: 'manual',
        emailVerification: 'required',
        identifiers: ['email', 'handle'],
        profile: { fields: v.object({ handle: v.pipe(v.string(), v.maxLength(40)) }) },
        rateLimits: { multiplier: 1_000 },
        attempts: { sharedAddresses: ['127.0.0.0/8'] },
        oauth: { providers: { hostile: discovered(provider, 'hostile') } },
      },
      override: (builder) => builder.overrideProvider(AuthHooks).useClass(Hooks),
    });
    return new Trail(app, app.get(AuthHooks) as Hooks, clock, lines, provider);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.provider.close();
  }

  keep(...values: readonly (string | undefined)[]): void {
    for (const value of values) if (value !== undefined) this.secrets.add(value);
  }

  async signIn(person: Pick<Known, 'email'>, browser = this.app.client(), more: object = {}): Promise<Client> {
    const { body } = expectStatus(await browser.signIn(person.email, PASSWORD, more), 200);
    this.keep(...browser.cookies.values(), body.csrfToken, body.access_token, body.refresh_token);
    return browser;
  }

  async tokens({ email }: Pick<Known, 'email'>): Promise<{ refresh_token: string; access_token: string }> {
    const grant = { grant_type: 'password', username: email, password: PASSWORD };
    const { body } = expectStatus(await this.app.client().post('/auth/token', grant), 200);
    this.keep(body.access_token, body.refresh_token, body.device_token);
    return body;
  }

  refresh(refresh_token: string, headers = {}): Promise<Answer> {
    return this.app.client().post('/auth/token/refresh', { refresh_token }, { headers });
  }

  async fail({ email }: { email: string }, count = 1): Promise<void> {
    for (let tries = 0; tries < count; tries += 1) expectStatus(await this.app.client().signIn(email, WRONG), 401);
  }
}

export function times(count: number, work: (index: number) => Promise<unknown>): Promise<unknown[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}
