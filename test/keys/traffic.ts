import { setTimeout as pause } from 'node:timers/promises';
import { PASSWORD } from '../support/app.js';
import { Client, type Answer } from '../support/client.js';
import type { Person } from '../sessions/kit.js';

/** Instances of one application behind one address. */
export interface TrafficStand {
  readonly url: string;
  readonly clock: { now(): number; advance(ms: number): void };
  newPerson(): Promise<Person>;
}

/** Something that was answered as it should not be. */
export interface Surprise {
  readonly who: string;
  readonly what: string;
  readonly status: number;
  readonly code: string | undefined;
}

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A browser, or an API client, that goes on with what it was given. */
export interface Caller {
  readonly browser?: Client;
  tokens?: TokenPair;
}

const BROWSERS = 3;
const API_CLIENTS = 3;

/**
 * People who use a fleet steadily: browsers that read and post, API clients that call and refresh, and visitors who sign
 * in, look around and leave. Whatever is not answered as it should be is a surprise.
 */
export class Traffic {
  readonly surprises: Surprise[] = [];
  /** Every access token that was handed out is shown to these: other services that verify it for themselves. */
  readonly verifiers: ((token: string) => Promise<unknown>)[] = [];
  readonly browsers: Client[] = [];
  readonly apiClients: Caller[] = [];
  rounds = 0;
  private readonly people: Person[] = [];
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private held: Promise<void> | undefined;
  private busy = 0;

  /** @param restMs how long everybody waits between two turns. */
  constructor(
    private readonly fleet: TrafficStand,
    private readonly restMs = 5,
  ) {}

  async start(): Promise<void> {
    for (let count = 0; count < BROWSERS + API_CLIENTS + 2; count += 1) this.people.push(await this.fleet.newPerson());
    for (let index = 0; index < BROWSERS; index += 1) this.browsers.push(await this.browser(index));
    for (let index = 0; index < API_CLIENTS; index += 1) {
      this.apiClients.push({ tokens: await this.tokens(BROWSERS + index) });
    }
    const loops = [
      ...this.browsers.map((browser, index) => this.loop(() => this.browse(browser, `browser ${index}`))),
      ...this.apiClients.map((caller, index) => this.loop(() => this.call(caller, `API client ${index}`))),
      this.loop(() => this.visit(BROWSERS + API_CLIENTS)),
      this.loop(() => this.visitByToken(BROWSERS + API_CLIENTS + 1)),
    ];
    this.running = Promise.all(loops);
  }

  /** Until everybody has gone on a few times since. */
  async goesOn(times = 2): Promise<void> {
    const enough = this.rounds + times * (BROWSERS + API_CLIENTS + 2);
    for (let waited = 0; this.rounds < enough && waited < 20_000; waited += 10) await pause(10);
    if (this.rounds < enough) throw new Error('The traffic has come to a halt.');
  }

  /** Lets time pass between two turns: a request during which a minute goes by would rightly be given up. */
  async pass(ms: number): Promise<void> {
    let release = (): void => undefined;
    this.held = new Promise((resolve) => (release = resolve));
    while (this.busy > 0) await pause(2);
    this.fleet.clock.advance(ms);
    this.held = undefined;
    release();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** A signed-in browser of a person of the traffic, that takes no part in it. */
  async browser(index = 0): Promise<Client> {
    const client = new Client(this.fleet.url);
    this.judge(
      'sign-in',
      'cookie',
      await client.signIn(this.people[index]!.email, PASSWORD, { rememberMe: true }),
      200,
    );
    return client;
  }

  async tokens(index = 0): Promise<TokenPair> {
    const { email: username } = this.people[index]!;
    const form = { grant_type: 'password', username, password: PASSWORD };
    const answer = await new Client(this.fleet.url).post('/auth/token', form);
    this.judge('sign-in', 'tokens', answer, 200);
    return answer.body;
  }

  private async loop(turn: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      await this.held;
      this.busy += 1;
      await turn().finally(() => (this.busy -= 1));
      this.rounds += 1;
      await pause(this.restMs);
    }
  }

  private async browse(browser: Client, who: string): Promise<void> {
    this.judge(who, 'reads', await browser.get('/pages/mine'), 200);
    this.judge(who, 'posts', await browser.post('/pages/mine'), 201);
    // What a page script does: the token comes from the cookie, and at times from the session.
    browser.csrfToken = browser.cookies.get('XSRF-TOKEN');
    this.judge(who, 'posts with the token of the cookie', await browser.post('/pages/mine'), 201);
    const session = await browser.get('/auth/session');
    this.judge(who, 'is signed in', session, 200, session.body?.user !== null);
    this.judge(who, 'posts with the token of the session', await browser.post('/pages/mine'), 201);
  }

  private async call(caller: Caller, who: string): Promise<void> {
    const client = new Client(this.fleet.url);
    const { access_token, refresh_token } = caller.tokens!;
    const bearer = { headers: { authorization: `Bearer ${access_token}` } };
    const answer = await client.get('/pages/mine', bearer);
    // An access token ends after its 15 minutes: that is what refreshing is for.
    if (answer.body?.code !== 'INVALID_ACCESS_TOKEN' || !this.hasExpired(access_token)) {
      this.judge(who, 'calls', answer, 200);
    }
    const refreshed = await client.post('/auth/token/refresh', { refresh_token });
    this.judge(who, 'refreshes', refreshed, 200);
    if (refreshed.status !== 200) return;
    caller.tokens = refreshed.body;
    const again = { headers: { authorization: `Bearer ${refreshed.body.access_token}` } };
    this.judge(who, 'calls with a new token', await client.get('/pages/mine', again), 200);
    for (const [index, verify] of this.verifiers.entries()) {
      await verify(refreshed.body.access_token).catch((error: unknown) =>
        this.surprises.push({ who: `verifier ${index}`, what: String(error), status: 0, code: undefined }),
      );
    }
  }

  private async visit(index: number): Promise<void> {
    const client = await this.browser(index);
    this.judge('visitor', 'reads', await client.get('/pages/mine'), 200);
    this.judge('visitor', 'posts', await client.post('/pages/mine'), 201);
    this.judge('visitor', 'leaves', await client.post('/auth/logout'), 204);
    this.judge('visitor', 'has left', await client.get('/pages/mine'), 401);
  }

  private async visitByToken(index: number): Promise<void> {
    const { access_token, refresh_token } = await this.tokens(index);
    const client = new Client(this.fleet.url);
    const bearer = { headers: { authorization: `Bearer ${access_token}` } };
    this.judge('API visitor', 'calls', await client.get('/pages/mine', bearer), 200);
    this.judge('API visitor', 'leaves', await client.post('/auth/token/revoke', { token: refresh_token }), 200);
    this.judge('API visitor', 'has left', await client.get('/pages/mine', bearer), 401);
  }

  private hasExpired(token: string): boolean {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number };
    return exp * 1_000 <= this.fleet.clock.now();
  }

  private judge(who: string, what: string, { status, body }: Answer, expected: number, also = true): void {
    if (status !== expected || !also) this.surprises.push({ who, what, status, code: body?.code });
  }
}
