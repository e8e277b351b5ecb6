import { randomInt } from 'node:crypto';
import { expect } from 'vitest';
import { PASSWORD } from '../support/app.js';
import { Client, type Answer } from '../support/client.js';
import type { MortalMailApp } from './account-kill.js';

/** Somebody with an address of the net alone, whose browser outlives the application. */
export class Person {
  private client: Client | undefined;
  private userId: unknown;
  private readonly address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

  constructor(
    private readonly app: MortalMailApp,
    readonly email: string,
    public password = PASSWORD,
  ) {}

  post(path: string, body: object, dieAt?: string): Promise<Answer> {
    const headers = { 'x-forwarded-for': this.address, ...(dieAt === undefined ? {} : { 'x-die-at': dieAt }) };
    return this.browser().post(path, body, { headers });
  }

  signIn(email = this.email, password = this.password): Promise<Answer> {
    return this.post('/auth/login', { email, password });
  }

  /** In a browser of its own, so that this one's session is left alone. */
  async canSignIn(email = this.email, password = this.password): Promise<boolean> {
    const { status } = await new Person(this.app, email, password).signIn();
    expect([200, 401]).toContain(status);
    return status === 200;
  }

  async isSignedIn(): Promise<boolean> {
    const { status } = await this.browser().get('/auth/me', { headers: { 'x-forwarded-for': this.address } });
    return status === 200;
  }

  /** Of the account, whatever its address is by now. */
  async id(): Promise<unknown> {
    const [row] = await this.app.query('SELECT id FROM users WHERE email = $1', [this.email]);
    this.userId ??= row?.['id'];
    return this.userId;
  }

  /** The same browser, at the process that runs now. */
  private browser(): Client {
    const fresh = new Client(this.app.url);
    for (const [name, value] of this.client?.cookies ?? []) fresh.cookies.set(name, value);
    fresh.csrfToken = this.client?.csrfToken;
    return (this.client = fresh);
  }
}
