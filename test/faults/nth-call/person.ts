import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { PASSWORD } from '../../support/app.js';
import { Client, type Answer, type CallOptions } from '../../support/client.js';
import type { Stand } from './stand.js';

const PATIENCE_MS = 6_000;

/** Somebody with an address of the net alone, in a browser whose requests all belong to one run. */
export class Person {
  private client: Client;
  private readonly address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

  constructor(
    readonly stand: Stand,
    readonly runId: string,
    readonly email: string,
    readonly userId = '',
  ) {
    this.client = stand.app.client();
  }

  call(method: string, path: string, { headers, ...options }: CallOptions = {}): Promise<Answer> {
    const own = { 'x-run': this.runId, 'x-forwarded-for': this.address, ...headers };
    return this.client.call(method, path, { ...options, headers: own });
  }

  post(path: string, body: object = {}): Promise<Answer> {
    return this.call('POST', path, { body });
  }

  /** What a client does that is told to try again later, or learns nothing: it tries again. */
  async surely(request: () => Promise<Answer>): Promise<Answer> {
    for (const giveUpAt = performance.now() + PATIENCE_MS; ; await delay(40)) {
      const answer = await request();
      if (answer.status < 500) return answer;
      expect(performance.now(), `still ${answer.status}: ${answer.text}`).toBeLessThan(giveUpAt);
    }
  }

  async sure(path: string, body: object, status: number): Promise<Answer> {
    const answer = await this.surely(() => this.post(path, body));
    expect(answer.status, `${path}: ${answer.text}`).toBe(status);
    return answer;
  }

  signIn(password = PASSWORD, email = this.email): Promise<Answer> {
    return this.post('/auth/login', { email, password });
  }

  async signedIn(): Promise<this> {
    const { status, text } = await this.surely(() => this.signIn());
    expect(status, text).toBe(200);
    return this;
  }

  /** In a browser of its own, so that this one's session is left alone. */
  async canSignIn(password = PASSWORD, email = this.email): Promise<boolean> {
    const browser = this.elsewhere();
    const { status, text } = await browser.surely(() => browser.signIn(password, email));
    expect([200, 401], text).toContain(status);
    return status === 200;
  }

  async isSignedIn(headers: Record<string, string> = {}): Promise<boolean> {
    const { status, text } = await this.surely(() => this.call('GET', '/whoami', { headers }));
    expect([200, 401], text).toContain(status);
    return status === 200;
  }

  /** Another browser of the same person, signed out. */
  elsewhere(): Person {
    return new Person(this.stand, this.runId, this.email, this.userId);
  }

  /** A browser with the same cookies. */
  copy(): Person {
    const copy = this.elsewhere();
    for (const [name, value] of this.client.cookies) copy.client.cookies.set(name, value);
    copy.client.csrfToken = this.client.csrfToken;
    return copy;
  }

  /** Rows of a table that are this account's. */
  rows(table: string, where = '1 = 1'): Promise<number> {
    return this.stand.count(table, `user_id = ? AND ${where}`, [this.userId]);
  }

  /** Sessions that have not been ended, one by one or by the account's epoch. */
  liveSessions(): Promise<number> {
    const account = 'SELECT epoch FROM auth_accounts a WHERE a.user_id = auth_sessions.user_id';
    return this.rows('auth_sessions', `revoked_at IS NULL AND epoch = (${account})`);
  }

  /** Rows of the audit trail. */
  events(type: string, outcome = 'success'): Promise<number> {
    const values = [type, outcome, this.userId];
    return this.stand.count('auth_audit', 'type = ? AND outcome = ? AND subject_id = ?', values);
  }
}
