import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Jobs, type MailKind } from '../../lib/index.js';
import { MATRIX, PASSWORD, type TestApp } from '../support/app.js';
import { Client, type Answer, type CallOptions } from '../support/client.js';
import type { ReceivedMail } from '../support/mailbox.js';
import { NEW_PASSWORD, newAddress, startStage, WRONG_PASSWORD, type Stage } from './kit.js';

/** A browser that remembers every secret it has sent or been given. */
class WatchedClient extends Client {
  constructor(
    url: string,
    private readonly secrets: Set<string>,
  ) {
    super(url);
  }

  override async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await super.call(method, path, options);
    this.keepSecrets(options.body);
    this.keepSecrets(answer.body);
    for (const cookie of this.cookies.values()) if (cookie !== '') this.secrets.add(cookie);
    return answer;
  }

  private keepSecrets(body: unknown): void {
    if (typeof body !== 'object' || body === null) return;
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === 'object') this.keepSecrets(value);
      else if (typeof value === 'string' && SECRET_FIELDS.test(name)) this.secrets.add(value);
    }
  }
}

const SECRET_FIELDS = /^(?:email|emailCode|password|currentPassword|username|.*token|code|challenge|csrfToken)$/i;
const UNKNOWN_TOKEN = `${'a'.repeat(22)}.${'b'.repeat(43)}`;
const UNSENDABLE = 'nobody@refused.example.com';

interface Row {
  readonly id: string;
  readonly type: string;
  readonly outcome: string;
}

class Sweep {
  private readonly seen = new Set<string>();

  constructor(
    readonly stage: Stage,
    private readonly secrets: Set<string>,
  ) {}

  get app(): TestApp {
    return this.stage.app;
  }

  browser(): Client {
    return new WatchedClient(this.stage.app.url, this.secrets);
  }

  async member(): Promise<{ email: string; client: Client }> {
    const email = newAddress();
    await this.app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true });
    const client = this.browser();
    await client.signIn(email);
    return { email, client };
  }

  async mail(to: string, kind: MailKind): Promise<ReceivedMail> {
    const coming = this.stage.mailbox.next(to, kind);
    // What a failed sign-in leaves behind is written after its answer.
    const turns = setInterval(() => void this.app.get(Jobs).run('outbox'), 25);
    const mail = await coming.finally(() => clearInterval(turns));
    for (const secret of [mail.token, mail.code]) if (secret !== undefined) this.secrets.add(secret);
    return mail;
  }

  /** Rows since the last time, as `type` or `type: outcome`. */
  async rows(): Promise<string[]> {
    let rows: readonly Row[] = [];
    let before: number;
    do {
      before = rows.length;
      await delay(60);
      rows = await this.app.dataSource.query('SELECT id, type, outcome FROM auth_audit ORDER BY id');
    } while (rows.length > before);
    const fresh = rows.filter(({ id }) => !this.seen.has(id));
    for (const { id } of fresh) this.seen.add(id);
    return fresh.map(({ type, outcome }) => (outcome === 'success' ? type : `${type}: ${outcome}`)).sort();
  }
}

const fail = (type: string): string => `${type}: failure`;

/** Each occasion and the rows that it writes: one for each event, and none for what limits and locks refuse. */
const OCCASIONS: Readonly<
  Record<string, readonly [(sweep: Sweep) => Promise<() => Promise<unknown>>, readonly string[]]>
> = {
  registration: [async (s) => () => s.browser().register(newAddress()), ['account.registered']],
  'registration of a taken address': [
    async (s) => {
      const { email } = await s.member();
      return () => s.browser().register(email);
    },
    ['account.registration_repeated'],
  ],
  'a rejected password': [async (s) => () => s.browser().register(newAddress(), 'short'), []],
  'an address is proven': [
    async (s) => {
      const email = newAddress();
      await s.browser().register(email);
      const { token } = await s.mail(email, 'verify-email');
      return () => s.browser().post('/auth/email/verify', { token });
    },
    ['email.verified'],
  ],
  'an unknown verification link': [
    async (s) => () => s.browser().post('/auth/email/verify', { token: UNKNOWN_TOKEN }),
    [fail('email.verification_failed')],
  ],
  'another verification link': [
    async (s) => () => s.browser().post('/auth/email/verify/request', { email: newAddress() }),
    ['email.verification_requested'],
  ],
  'a sign-in': [
    async (s) => {
      const { email } = await s.member();
      return () => s.browser().signIn(email);
    },
    ['sign_in.succeeded'],
  ],
  'a sign-in of nobody': [async (s) => () => s.browser().signIn(newAddress()), [fail('sign_in.failed')]],
  'five wrong passwords, and two that the lock refuses': [
    async (s) => {
      const { email } = await s.member();
      return async () => {
        for (let wrong = 0; wrong < 7; wrong += 1) await s.browser().signIn(email, WRONG_PASSWORD);
      };
    },
    [...Array.from({ length: 5 }, () => fail('sign_in.failed')), fail('sign_in.locked')],
  ],
  'an unlock': [
    async (s) => {
      const { email } = await s.member();
      for (let wrong = 0; wrong < 5; wrong += 1) await s.browser().signIn(email, WRONG_PASSWORD);
      const { token } = await s.mail(email, 'unlock');
      return () => s.browser().post('/auth/unlock', { token });
    },
    ['account.unlocked'],
  ],
  'an unknown unlock link': [
    async (s) => () => s.browser().post('/auth/unlock', { token: UNKNOWN_TOKEN }),
    [fail('account.unlock_failed')],
  ],
  'a sign-out': [
    async (s) => {
      const { client } = await s.member();
      return () => client.post('/auth/logout');
    },
    ['session.ended'],
  ],
  'every other session is revoked': [
    async (s) => {
      const { email, client } = await s.member();
      await s.browser().signIn(email);
      return () => client.delete('/auth/sessions?keepCurrent=true');
    },
    ['session.all_revoked'],
  ],
  'tokens, and one used again': [
    async (s) => {
      const { email } = await s.member();
      const grant = { grant_type: 'password', username: email, password: PASSWORD };
      const first = (await s.browser().post('/auth/token', grant)).body;
      const second = (await s.browser().post('/auth/token/refresh', { refresh_token: first.refresh_token })).body;
      await s.browser().post('/auth/token/refresh', { refresh_token: second.refresh_token });
      return () => s.browser().post('/auth/token/refresh', { refresh_token: first.refresh_token });
    },
    [fail('refresh.reused')],
  ],
  'a reset is asked for by anybody': [
    async (s) => () => s.browser().post('/auth/password/forgot', { email: newAddress() }),
    ['password.reset_requested'],
  ],
  'a reset': [
    async (s) => {
      const { email } = await s.member();
      await s.browser().post('/auth/password/forgot', { email });
      const { token } = await s.mail(email, 'reset-password');
      await s.browser().post('/auth/password/reset', { token, password: 'short' });
      return () => s.browser().post('/auth/password/reset', { token, password: NEW_PASSWORD });
    },
    ['password.reset'],
  ],
  'an unknown reset link': [
    async (s) => () => s.browser().post('/auth/password/reset', { token: UNKNOWN_TOKEN, password: NEW_PASSWORD }),
    [fail('password.reset_failed')],
  ],
  'a change of password': [
    async (s) => {
      const { client } = await s.member();
      const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
      return () => client.post('/auth/password/change', body);
    },
    ['password.changed'],
  ],
  'a change of password with a wrong one': [
    async (s) => {
      const { client } = await s.member();
      const body = { currentPassword: WRONG_PASSWORD, password: NEW_PASSWORD };
      return () => client.post('/auth/password/change', body);
    },
    [fail('password.change_failed')],
  ],
  'a link signs in': [
    async (s) => {
      const { email } = await s.member();
      const client = s.browser();
      await client.post('/auth/magic-link/request', { email });
      const { token } = await s.mail(email, 'magic-link');
      return () => client.post('/auth/magic-link', { token });
    },
    ['sign_in.succeeded'],
  ],
  'a link is asked for': [
    async (s) => () => s.browser().post('/auth/magic-link/request', { email: newAddress() }),
    ['sign_in.link_requested'],
  ],
  'an unknown sign-in link': [
    async (s) => () => s.browser().post('/auth/magic-link', { token: UNKNOWN_TOKEN }),
    [fail('sign_in.failed')],
  ],
  'a first password': [
    async (s) => {
      const email = newAddress();
      await s.app.get(Accounts).create({ email, emailVerified: true });
      const client = s.browser();
      await client.post('/auth/magic-link/request', { email });
      const { token } = await s.mail(email, 'magic-link');
      await client.post('/auth/magic-link', { token });
      return () => client.post('/auth/password/set', { password: NEW_PASSWORD });
    },
    ['password.set'],
  ],
  'a code is asked for': [
    async (s) => () => s.browser().post('/auth/email-code/request', { email: newAddress() }),
    ['sign_in.code_requested'],
  ],
  'a code signs in, after a wrong one': [
    async (s) => {
      const { email } = await s.member();
      const client = s.browser();
      const { challenge } = (await client.post('/auth/email-code/request', { email })).body;
      const { code } = await s.mail(email, 'sign-in-code');
      return async () => {
        await client.post('/auth/email-code', { challenge, code: code === '111222' ? '111223' : '111222' });
        await client.post('/auth/email-code', { challenge, code });
      };
    },
    [fail('sign_in.failed'), 'sign_in.succeeded'],
  ],
  're-authentication, after a wrong password': [
    async (s) => {
      const { client } = await s.member();
      return async () => {
        await client.post('/auth/reauthenticate', { password: WRONG_PASSWORD });
        await client.post('/auth/reauthenticate', { password: PASSWORD });
      };
    },
    [fail('reauthentication.failed'), 'reauthentication.succeeded'],
  ],
  're-authentication by a code': [
    async (s) => {
      const { email, client } = await s.member();
      const { challenge } = (await client.post('/auth/reauthenticate/email-code')).body;
      const { code: emailCode } = await s.mail(email, 'confirm-code');
      return () => client.post('/auth/reauthenticate', { challenge, emailCode });
    },
    ['reauthentication.succeeded'],
  ],
  'a change of address': [
    async (s) => {
      const { client } = await s.member();
      const email = newAddress();
      return async () => {
        await client.post('/auth/email/change/request', { email });
        const { token } = await s.mail(email, 'change-email');
        await client.post('/auth/email/change', { token });
      };
    },
    ['email.change_requested', 'email.changed'],
  ],
  'an unknown link to change an address': [
    async (s) => () => s.browser().post('/auth/email/change', { token: UNKNOWN_TOKEN }),
    [fail('email.change_failed')],
  ],
  'a profile': [
    async (s) => {
      const { client } = await s.member();
      return () => client.call('PATCH', '/auth/me', { body: { displayName: 'Ada' } });
    },
    [],
  ],
  'a deletion': [
    async (s) => {
      const { client } = await s.member();
      return () => client.delete('/auth/me');
    },
    ['account.deleted'],
  ],
  'a mail that is refused': [
    async (s) => {
      await s.app.get(Accounts).create({ email: UNSENDABLE, emailVerified: true });
      return async () => {
        await s.browser().post('/auth/password/forgot', { email: UNSENDABLE });
        await s.app.get(Jobs).run('outbox');
      };
    },
    [fail('mail.failed'), 'password.reset_requested'],
  ],
};

describe.each(MATRIX.filter(({ adapter, database }) => (database === 'sqlite') === (adapter === 'fastify')))(
  'the audit trail ($adapter, $database)',
  (setup) => {
    const lines: string[] = [];
    const secrets = new Set([PASSWORD, NEW_PASSWORD, WRONG_PASSWORD, UNKNOWN_TOKEN, UNSENDABLE]);
    let stage: Stage;
    let sweep: Sweep;
    beforeAll(async () => {
      const log = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '));
      const logger = { log, error: log, warn: log };
      stage = await startStage({ ...setup, logger, auth: { jobs: 'manual' }, refusedAddress: UNSENDABLE });
      sweep = new Sweep(stage, secrets);
    });
    afterAll(() => stage.close());

    it.each(Object.entries(OCCASIONS))('%s', async (_, [prepare, expected]) => {
      const act = await prepare(sweep);
      await sweep.rows();
      await act();
      expect(await sweep.rows()).toEqual([...expected].sort());
      // Wrong passwords of one occasion are not to stand in the way of the next.
      stage.clock.advance(30 * 60_000);
    });

    it('holds no secret and no address, nor does the log or the outbox', async () => {
      const tables = ['auth_audit', 'auth_outbox'].map((table) => stage.app.dataSource.query(`SELECT * FROM ${table}`));
      const written = [...(await Promise.all(tables)).map((rows) => JSON.stringify(rows)), ...lines].join('\n');
      expect(secrets.size).toBeGreaterThan(100);
      for (const secret of secrets) {
        // A code of six digits may well be a part of a longer number.
        const found = /^\d+$/.test(secret)
          ? new RegExp(`(?<!\\w)${secret}(?!\\w)`).test(written)
          : written.includes(secret);
        expect(found, secret).toBe(false);
      }
      // The trail is not empty, and the outbox has been emptied of what was sent.
      expect(written).toContain('password.reset');
    });
  },
);
