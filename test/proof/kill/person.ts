import { randomInt } from 'node:crypto';
import { expect } from 'vitest';
import { PASSWORD } from '../../support/app.js';
import { Client, type Answer } from '../../support/client.js';
import type { MortalApp } from './mortal-app.js';

/** Somebody with an address of the net alone, whose browser outlives the application. */
export class Person {
  private client: Client | undefined;
  private userId: unknown;
  private readonly address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

  constructor(
    private readonly app: MortalApp,
    readonly email: string,
    public password = PASSWORD,
  ) {}

  post(path: string, body: object, dieAt?: string): Promise<Answer> {
    return this.call('POST', path, dieAt, body);
  }

  get(path: string, dieAt?: string): Promise<Answer> {
    return this.call('GET', path, dieAt);
  }

  call(
    method: string,
    path: string,
    dieAt?: string,
    body?: object,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const doom: Record<string, string> = dieAt === undefined ? {} : { 'x-die-at': dieAt };
    return this.browser().call(method, path, { body, headers: { 'x-forwarded-for': this.address, ...doom, ...more } });
  }

  signIn(email = this.email, password = this.password, dieAt?: string): Promise<Answer> {
    return this.post('/auth/login', { email, password }, dieAt);
  }

  /** In a browser of its own, so that this one's session is left alone. */
  async canSignIn(email = this.email, password = this.password): Promise<boolean> {
    const { status } = await new Person(this.app, email, password).signIn();
    expect([200, 401]).toContain(status);
    return status === 200;
  }

  async isSignedIn(): Promise<boolean> {
    const { status } = await this.get('/auth/me');
    expect([200, 401]).toContain(status);
    return status === 200;
  }

  /** Another browser of the same person, signed in or not as this one is. */
  copy(): Person {
    const copy = new Person(this.app, this.email, this.password);
    copy.client = this.browser();
    return copy;
  }

  /** Another browser of the same person, signed out. */
  elsewhere(): Person {
    return new Person(this.app, this.email, this.password);
  }

  /** Of the account, whatever its address is by now. */
  async id(): Promise<unknown> {
    const [row] = await this.app.query('SELECT id FROM users WHERE email = $1', [this.email]);
    this.userId ??= row?.['id'];
    return this.userId;
  }

  /** Rows of a table that are this account's. */
  async rows(table: string, where = '1 = 1'): Promise<number> {
    return this.app.count(table, `user_id = $1 AND ${where}`, [await this.id()]);
  }

  /** Successful events of the audit trail. A failed try of a test's own is one too, but no success. */
  async events(type: string): Promise<number> {
    return this.app.count('auth_audit', "type = $1 AND outcome = 'success' AND subject_id = $2", [
      type,
      await this.id(),
    ]);
  }

  /** The same browser, at the process that runs now. */
  private browser(): Client {
    const fresh = new Client(this.app.url);
    for (const [name, value] of this.client?.cookies ?? []) fresh.cookies.set(name, value);
    fresh.csrfToken = this.client?.csrfToken;
    return (this.client = fresh);
  }
}
