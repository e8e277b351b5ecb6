import { TOTP } from 'otpauth';
import { expect } from 'vitest';
import type { TestClock } from '../../lib/testing/index.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { Account } from '../../lib/users/account.entity.js';
import type { PostOffice } from '../passwordless/kit.js';
import { PASSWORD, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

const STEP_MS = 30_000;

/** An authenticator with one account in it. */
export class Authenticator {
  constructor(
    private readonly secret: string,
    private readonly clock: TestClock,
  ) {}

  /** The code of now. */
  now(): string {
    return new TOTP({ secret: this.secret }).generate({ timestamp: this.clock.now() });
  }

  /** A code of a later step than all before, for which time goes on. */
  next(): string {
    this.clock.advance(STEP_MS);
    return this.now();
  }

  /** Six digits that are the code of no step near. */
  wrong(): string {
    const near = [-2, -1, 0, 1, 2].map((step) =>
      new TOTP({ secret: this.secret }).generate({ timestamp: this.clock.now() + step * STEP_MS }),
    );
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code))!;
  }
}

export interface Owner {
  readonly id: string;
  readonly email: string;
  readonly authenticator: Authenticator;
  readonly recoveryCodes: readonly string[];
  /** The browser that it was set up in, signed in. */
  readonly browser: Client;
}

export const bearer = ({ body }: Answer): { readonly authorization: string } => ({
  authorization: `Bearer ${body.access_token}`,
});

/** Sets an authenticator up in a browser that has just signed in, or for the owner of an access token. */
export async function enrol(
  clock: TestClock,
  browser: Client,
  headers: Record<string, string> = {},
): Promise<{ readonly authenticator: Authenticator; readonly confirmed: Answer }> {
  const { status, body, text } = await browser.post('/auth/totp/enroll', {}, { headers });
  if (status !== 200) throw new Error(`The enrolment was answered ${status}: ${text}`);
  const authenticator = new Authenticator(body.secret as string, clock);
  const confirmed = await browser.post('/auth/totp/confirm', { code: authenticator.next() }, { headers });
  if (confirmed.status !== 200) throw new Error(`The code was answered ${confirmed.status}: ${confirmed.text}`);
  return { authenticator, confirmed };
}

/** A new account with an authenticator. */
export async function owner(office: PostOffice, app: TestApp = office): Promise<Owner> {
  const { id, email } = await office.person();
  const browser = app.client();
  expect((await browser.signIn(email)).status).toBe(200);
  const { authenticator, confirmed } = await enrol(office.clock, browser);
  return { id, email, authenticator, recoveryCodes: confirmed.body.recoveryCodes as string[], browser };
}

/** The first factor alone, in cookie delivery. */
export async function begin(browser: Client, email: string, more: object = {}): Promise<string> {
  const { status, body, text } = await browser.signIn(email, PASSWORD, more);
  if (body?.status !== 'second_factor') throw new Error(`The first factor was answered ${status}: ${text}`);
  return body.challenge as string;
}

export const finish = (browser: Client, challenge: string, proof: object): Promise<Answer> =>
  browser.post('/auth/second-factor', { challenge, ...proof });

/** Sessions of the account that have not been ended, one by one or by its epoch. */
export function liveSessionsOf(app: TestApp, userId: string): Promise<readonly LoginSession[]> {
  return app.dataSource
    .getRepository(LoginSession)
    .createQueryBuilder('s')
    .innerJoin(Account, 'a', 'a.userId = s.userId AND a.epoch = s.epoch')
    .where('s.userId = :userId AND s.revokedAt IS NULL', { userId })
    .getMany();
}

export const sessionCookies = ({ setCookies }: Answer): readonly string[] =>
  setCookies.filter((line) => /^(?:__Host-)?auth_session=/.test(line) && !/max-age=0/i.test(line));
