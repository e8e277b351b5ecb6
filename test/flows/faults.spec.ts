import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { AuthEvents, AuthHooks, customMail, Jobs, MailTransport, type MailMessage } from '../../lib/index.js';
import { countIn, never, ToldHooks } from '../module/told-hooks.js';
import { ADAPTERS, PASSWORD, type AppSetup } from '../support/app.js';
import { CONFIRMATIONS, prepareAll } from './confirmations.js';
import { expectStatus, newAddress, newMember, startStage, type Stage } from './kit.js';
import { MAIL_REQUESTS, type MailRequestName } from './mail-request-lab.js';

/** A hook has 5 s. */
const HOOK_MS = 6_500;
/** What waits for nobody answers within this on a busy machine. */
const AT_ONCE_MS = 2_000;
const AN_HOUR_MS = 3_600_000;

const boom = (): never => {
  throw new Error('the application fails');
};
const FAULTS = {
  'throws at once': boom,
  rejects: () => Promise.reject(new Error('the application fails')),
  'never answers': never,
} as const;

/** Does what a test tells it with a mail. */
@Injectable()
class ToldTransport extends MailTransport {
  readonly sent: MailMessage[] = [];
  fault: (() => Promise<void>) | undefined;

  override async send(message: MailMessage): Promise<void> {
    await this.fault?.();
    this.sent.push(message);
  }
}

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

async function start(setup: AppSetup = {}): Promise<Stage> {
  stage = await startStage(setup);
  return stage;
}

async function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work;
  expect(performance.now() - begun).toBeLessThan(ms);
  return result;
}

// A rejection that nobody handles fails the run by itself.
describe('a hook that fails', () => {
  const overrides = [{ provide: AuthHooks, useClass: ToldHooks }];
  const SIGN_INS = {
    'a sign-in link': CONFIRMATIONS['a sign-in link'],
    'a sign-in code': CONFIRMATIONS['a sign-in code'],
  };

  it.each(Object.entries(FAULTS))(
    '%s: no session, no account, no mail, and what was mailed works',
    async (_, fault) => {
      const here = await start({ auth: { overrides } });
      const { app, mailbox } = here;
      const hooks = app.get(AuthHooks) as ToldHooks;
      const prepared = await prepareAll(here, SIGN_INS);
      const { email } = await newMember(here);
      const stranger = newAddress();
      const sessions = await countIn(app, 'auth_sessions');
      hooks.tell('beforeSignIn', fault);
      hooks.tell('beforeRegister', fault);
      const refused = [() => app.client().signIn(email), () => app.client().register(stranger)];
      const links = [...prepared.values()].map(({ send }) => send);
      const answers = await inTime(HOOK_MS, Promise.all([...refused, ...links].map((send) => send())));
      for (const { status, setCookies } of answers) {
        expect([500, 503]).toContain(status);
        expect(setCookies.filter((cookie) => /session=[^;]/.test(cookie))).toEqual([]);
      }
      expect(await countIn(app, 'auth_sessions')).toBe(sessions);
      await app.get(Jobs).run('outbox');
      expect(mailbox.all(stranger)).toEqual([]);
      hooks.forget();
      for (const [name, { send, status }] of prepared) expect((await send()).status, name).toBe(status);
      await expectStatus(app.client().register(stranger), 202);
      await mailbox.next(stranger, 'verify-email');
    },
  );

  it('throws within a registration: nothing is written and nothing is mailed', async () => {
    const { app, mailbox } = await start({ auth: { overrides } });
    const hooks = app.get(AuthHooks) as ToldHooks;
    const email = newAddress();
    hooks.tell('onRegister', boom);
    await expectStatus(app.client().register(email), 500);
    hooks.forget();
    for (const table of ['users', 'auth_outbox', 'auth_audit']) expect(await countIn(app, table), table).toBe(0);
    await expectStatus(app.client().register(email), 202);
    await mailbox.next(email, 'verify-email');
    expect(mailbox.all(email)).toHaveLength(1);
  });
});

describe.each(ADAPTERS)('listeners of events that fail, on %s', (adapter) => {
  it('throwing, rejecting and never answering: every flow goes on', async () => {
    const here = await start({ adapter });
    for (const fault of Object.values(FAULTS)) here.app.get(AuthEvents).on('*', fault);
    for (const [name, { send, status }] of await prepareAll(here)) {
      const answer = await inTime(AT_ONCE_MS, send());
      expect(answer.status, `${name}: ${answer.text}`).toBe(status);
    }
  });
});

describe('mail that does not leave', () => {
  const overrides = [{ provide: MailTransport, useClass: ToldTransport }];
  const mail = customMail({ from: 'no-reply@example.com' });
  const hanging: (() => void)[] = [];
  const hang = (): Promise<void> =>
    new Promise((_, reject) => hanging.push(() => reject(new Error('the application fails late'))));

  it.each(Object.entries({ ...FAULTS, 'never answers': hang }))(
    '%s: nobody waits, and it comes later',
    async (_, fault) => {
      const here = await start({ auth: { overrides, mail, jobs: 'manual' } });
      const transport = here.app.get(MailTransport) as ToldTransport;
      const { email, client } = await newMember(here);
      await here.app.get(Jobs).run('outbox');
      transport.sent.length = 0;
      transport.fault = fault;
      const asked = async (request: MailRequestName): Promise<void> => {
        await expectStatus(MAIL_REQUESTS[request](here.app.client(), email), 202);
      };
      const begun = performance.now();
      for (const request of Object.keys(MAIL_REQUESTS) as MailRequestName[]) await asked(request);
      const running = here.app
        .get(Jobs)
        .run('outbox')
        .catch(() => undefined);
      for (const request of Object.keys(MAIL_REQUESTS) as MailRequestName[]) await asked(request);
      const change = { currentPassword: PASSWORD, password: 'another correct horse battery' };
      await expectStatus(client.post('/auth/password/change', change), 200);
      expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
      expect(transport.sent).toEqual([]);

      // What hangs fails in the end, and nothing new goes out meanwhile.
      transport.fault = () => Promise.reject(new Error('the application fails'));
      for (const end of hanging.splice(0)) end();
      await running;
      transport.fault = undefined;
      // After the pause one mail goes ahead, to see.
      for (let turn = 0; turn < 3; turn += 1) {
        here.clock.advance(AN_HOUR_MS / 10);
        await here.app.get(Jobs).run('outbox');
      }
      const kinds = new Set(transport.sent.map(({ kind }) => kind));
      for (const kind of ['existing-account', 'reset-password', 'magic-link', 'password-changed'] as const) {
        expect(kinds).toContain(kind);
      }
      for (const { to } of transport.sent) expect(to).toBe(email);
    },
  );

  it('slow: nobody waits for it', async () => {
    const here = await start({ auth: { overrides, mail } });
    const transport = here.app.get(MailTransport) as ToldTransport;
    transport.fault = () => delay(1_500);
    const client = here.app.client();
    const ask = () => MAIL_REQUESTS['password/forgot'](client, 'nobody@example.com');
    for (let time = 0; time < 5; time += 1) await expectStatus(inTime(AT_ONCE_MS / 2, ask()), 202);
  });
});

describe('templates of the application that fail', () => {
  it('throwing, never answering and answering nothing: mail comes all the same, in English', async () => {
    const broken = { 'reset-password': boom, 'magic-link': never, 'verify-email': () => undefined };
    const here = await start({ auth: { mailTemplates: { locales: { en: broken as never } } } });
    for (const [name, { send, status }] of await prepareAll(here)) {
      const answer = await send();
      expect(answer.status, `${name}: ${answer.text}`).toBe(status);
    }
  });
});
