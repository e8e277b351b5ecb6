import { expect } from 'vitest';
import * as v from 'valibot';
import { Accounts, type AuthOptions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { PASSWORD, startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';

export const NEW_PASSWORD = 'another correct horse battery';
export const WRONG_PASSWORD = 'a wrong password altogether';

/** An application with mail, on a clock that only moves when it is told to. */
export interface Stage {
  readonly app: TestApp;
  readonly mailbox: Mailbox;
  readonly clock: TestClock;
  close(): Promise<void>;
}

export const FLOW_AUTH = {
  emailVerification: 'required',
  rateLimits: { multiplier: 1_000 },
  profile: { fields: v.object({ displayName: v.pipe(v.string(), v.maxLength(80)) }) },
  publicUserFields: ['displayName'],
} as const satisfies Partial<AuthOptions<User>>;

export interface StageSetup extends AppSetup {
  /** The mail server takes no mail for it. */
  readonly refusedAddress?: string;
}

export async function startStage({ refusedAddress, ...setup }: StageSetup = {}): Promise<Stage> {
  const mailbox = await startMailbox({
    onRcptTo: ({ address }, _session, done) => {
      const refusal = Object.assign(new Error(`nobody here is called <${address}>`), { responseCode: 550 });
      done(address === refusedAddress ? refusal : null);
    },
  });
  const clock = new TestClock();
  const auth = { ...FLOW_AUTH, mail: mailbox.options, ...setup.auth };
  const app = await startApp({ clock, ...setup, auth });
  return {
    app,
    mailbox,
    clock,
    close: async () => {
      await app.close();
      await mailbox.close();
    },
  };
}

let people = 0;

export function newAddress(): string {
  people += 1;
  return `person${people}@example.com`;
}

export interface Member {
  readonly id: string;
  readonly email: string;
  /** Signed in. */
  readonly client: Client;
}

/** Somebody with a proven address. */
export async function newMember({ app }: Pick<Stage, 'app'>): Promise<Member> {
  const email = newAddress();
  const user = await app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true });
  const client = app.client();
  await expectStatus(client.signIn(email), 200);
  return { id: user!.id, email, client };
}

export async function expectStatus(asked: Promise<Answer>, status: number, code?: string): Promise<Answer> {
  const answer = await asked;
  expect(answer.status, answer.text).toBe(status);
  if (code !== undefined) expect(answer.body.code).toBe(code);
  return answer;
}
