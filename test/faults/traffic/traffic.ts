import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { newFamily, asBearer, refresh } from '../../tokens/kit.js';
import type { TestApp } from '../../support/app.js';
import type { Answer, Client } from '../../support/client.js';

/** Between two requests of one kind, so that traffic is steady and a machine is not the subject. */
const PAUSE_MS = 40;

export type Kind = 'sign-in' | 'cookie' | 'bearer' | 'refresh' | 'revoke' | 'revoked';

/** What one request came to. */
export interface Sample {
  readonly kind: Kind;
  readonly app: number;
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfter: number;
  readonly ms: number;
  readonly at: number;
}

/** What each kind may be answered: well, or with 503. */
const GOOD: Readonly<Record<Kind, readonly number[]>> = {
  'sign-in': [200],
  cookie: [200],
  bearer: [200],
  refresh: [200],
  revoke: [204],
  revoked: [401],
};

export const isGood = ({ kind, status }: Pick<Sample, 'kind' | 'status'>): boolean => GOOD[kind].includes(status);

/** Steady traffic of every kind on each of the applications, from its start to `stop()`. */
export class Traffic {
  readonly samples: Sample[] = [];
  /** Browsers whose sign-out was acknowledged. */
  readonly out: Client[] = [];
  private running = true;
  private readonly loops: Promise<void>[] = [];

  private constructor(private readonly apps: readonly TestApp[]) {}

  static async start(apps: readonly TestApp[]): Promise<Traffic> {
    const traffic = new Traffic(apps);
    const before = apps[0]!.client();
    await traffic.person(before);
    if ((await before.post('/auth/logout')).status !== 204) throw new Error('There is no sign-out.');
    traffic.out.push(before);
    for (const app of apps.keys()) await traffic.begin(app);
    return traffic;
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.loops);
  }

  private async begin(app: number): Promise<void> {
    const here = this.apps[app]!;
    const [signer, reader] = [here.client(), here.client()];
    const email = await this.person(signer);
    await this.person(reader);
    const { first } = await newFamily(here);
    let { refresh_token: token } = (await newFamily(here)).first;
    let leaving: Client | undefined;
    this.loop(app, 'sign-in', () => here.client().signIn(email));
    this.loop(app, 'cookie', () => reader.get('/notes'));
    this.loop(app, 'bearer', () => asBearer(here, first.access_token, '/notes'));
    this.loop(app, 'refresh', async () => {
      const answer = await refresh(here, token);
      if (answer.status === 200) token = answer.body.refresh_token;
      return answer;
    });
    this.loop(app, 'revoke', async () => {
      if (leaving === undefined) {
        const next = here.client();
        const answer = await next.signIn(email);
        if (answer.status !== 200) return answer;
        leaving = next;
      }
      // Until it is acknowledged, with what the browser held before.
      const old = copyOf(here, leaving);
      const answer = await leaving.post('/auth/logout');
      if (answer.status === 204) {
        this.out.push(old);
        leaving = undefined;
      }
      return answer;
    });
    // On this application, wherever it was signed out.
    this.loop(app, 'revoked', () => {
      const of = this.out[randomInt(Math.min(20, this.out.length))]!;
      return copyOf(here, randomInt(2) === 0 ? this.out.at(-1)! : of).get('/notes');
    });
  }

  private async person(browser: Client): Promise<string> {
    const email = `traffic-${randomUUID()}@example.com`;
    const registered = await browser.register(email);
    const { status, text } = await browser.signIn(email);
    if (status !== 200) throw new Error(`${registered.status} and ${status}: ${text}`);
    return email;
  }

  private loop(app: number, kind: Kind, request: () => Promise<Answer>): void {
    const run = async (): Promise<void> => {
      while (this.running) {
        const at = performance.now();
        const { status, body, headers } = await request();
        const retryAfter = Number(headers.get('retry-after') ?? 0);
        this.samples.push({ kind, app, status, code: body?.code, retryAfter, ms: performance.now() - at, at });
        await delay(PAUSE_MS);
      }
    };
    this.loops.push(run());
  }
}

/** A browser with the cookies of another, at this application. */
export function copyOf(app: TestApp, browser: Client): Client {
  const copy = app.client();
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  copy.csrfToken = browser.csrfToken;
  return copy;
}
