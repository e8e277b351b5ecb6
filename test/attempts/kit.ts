import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Accounts, PasswordHasher, type AuthOptions } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { PASSWORD, startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

export const WRONG = 'a wrong password altogether';

/** Counts the passwords that are really checked, and can be made to wait. */
@Injectable()
export class CountingHasher extends FastPasswordHasher {
  checked = 0;
  private opened: Promise<void> = Promise.resolve();

  /** Keeps every check from ending until the returned function is called. */
  hold(): () => void {
    let open!: () => void;
    this.opened = new Promise((resolve) => (open = resolve));
    return open;
  }

  override async verify(password: string, stored: string): Promise<boolean> {
    this.checked += 1;
    await this.opened;
    // Long enough for the others to come while this one is being checked.
    await delay(5);
    return super.verify(password, stored);
  }
}

export interface Gate {
  readonly app: TestApp;
  readonly hasher: CountingHasher;
}

/** An application whose checked passwords are counted. Its client address is the last of `X-Forwarded-For`. */
export async function startGate({ auth, ...setup }: AppSetup = {}): Promise<Gate> {
  const options: Partial<AuthOptions<User>> = { trustedProxyHops: 1, rateLimits: { multiplier: 1_000 }, ...auth };
  const app = await startApp({
    ...setup,
    auth: options,
    override: (builder) => {
      builder.overrideProvider(PasswordHasher).useClass(CountingHasher);
      return setup.override?.(builder) ?? builder;
    },
  });
  return { app, hasher: app.get(PasswordHasher) as CountingHasher };
}

export async function newAccount(app: TestApp, email: string, fields: Record<string, unknown> = {}): Promise<string> {
  const user = await app.get(Accounts).create({ email, password: PASSWORD, fields });
  return user!.id;
}

export interface TryBy {
  readonly password?: string;
  /** Default: an address of documentation that is nobody else's. */
  readonly from?: string;
  readonly browser?: Client;
}

/** One sign-in over HTTP, by a browser of its own unless one is given. */
export function tryPassword(
  app: TestApp,
  email: string,
  { password = WRONG, from, browser }: TryBy = {},
): Promise<Answer> {
  const headers = { 'x-forwarded-for': from ?? freshAddress() };
  return (browser ?? app.client()).post('/auth/login', { email, password }, { headers });
}

export async function tryInTurn(app: TestApp, count: number, email: string, by: TryBy = {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let index = 0; index < count; index += 1) answers.push(await tryPassword(app, email, by));
  return answers;
}

/** A browser that has signed in to this account before. */
export async function knownBrowser(app: TestApp, email: string): Promise<Client> {
  const browser = app.client();
  const { status } = await tryPassword(app, email, { password: PASSWORD, browser });
  if (status !== 200) throw new Error(`The sign-in of ${email} was answered ${status}.`);
  return browser;
}

export function statuses(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status);
}

export function retryAfter({ headers }: Answer): number {
  return Number(headers.get('retry-after'));
}

/** `count` times the same status. */
export function times(count: number, status: number): number[] {
  return new Array<number>(count).fill(status);
}

let addresses = 0;

/** A new address each time: another subscriber, another site. */
export function freshAddress(): string {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}
