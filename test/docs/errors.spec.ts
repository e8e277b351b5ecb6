import { Controller, Get, Injectable, Post } from '@nestjs/common';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AUTH_ERRORS,
  Accounts,
  Auth,
  AuthHooks,
  IpRules,
  PasswordHasher,
  type AuthErrorCode,
  type BeforeSignIn,
} from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { startHostileProvider, type HostileProvider } from '../oauth/hostile-provider.js';
import { begin, discovered, link, open, through } from '../oauth/kit.js';
import { add as addPasskey, SoftKey } from '../passkeys/kit.js';
import { PASSWORD, startApp, User, type TestApp } from '../support/app.js';
import { enrol } from '../second-factor/kit.js';
import type { Answer, Client } from '../support/client.js';
import { page, rowsUnder } from './pages.js';

const rows = rowsUnder(page('docs/errors.md'), 'status');

/** Codes that stand in the address at which a sign-in with another provider ends, and in no body. */
type CodeInAddress = 'OAUTH_FAILED' | 'OAUTH_CANCELLED' | 'OAUTH_LINK_REQUIRED' | 'ALREADY_LINKED';
const isInAddress = ([, , when = '']: readonly string[]): boolean => /^In the (?:same )?address/.test(when);

it('docs/errors.md lists every code with its status, and no other', () => {
  const listed = rows.map(([status, code = '']) => [code, Number(status)]);
  const codes = Object.entries(AUTH_ERRORS).map(([code, { status }]) => [code, status]);
  expect(listed.sort()).toEqual(codes.sort());
  for (const [, code, when, client] of rows) expect([when, client], code).not.toContain('');
});

@Controller('rules')
class RulesController {
  @Get('fresh')
  @Auth({ fresh: true })
  fresh(): void {}

  @Get('factor')
  @Auth({ methods: ['email'] })
  factor(): void {}

  @Get('authenticator')
  @Auth({ methods: ['otp'] })
  authenticator(): void {}

  @Get('verified')
  @Auth({ verified: true })
  verified(): void {}

  @Get('failing')
  @Auth({
    policy: () => {
      throw new Error('the policy is broken');
    },
  })
  failing(): void {}

  @Post('write')
  write(): void {}
}

@Injectable()
class VetoHooks extends AuthHooks {
  override beforeSignIn({ userAgent }: BeforeSignIn): boolean {
    return userAgent !== 'refused';
  }
}

/** A hash takes until the test lets it end, so that a queue without places is full. */
@Injectable()
class SlowHasher extends PasswordHasher {
  private release!: () => void;
  readonly released = new Promise<void>((resolve) => (this.release = resolve));
  slow = false;

  override async hash(): Promise<string> {
    return 'hash';
  }
  override async verify(): Promise<boolean> {
    if (this.slow) await this.released;
    return false;
  }
  override needsRehash(): boolean {
    return false;
  }
  end(): void {
    this.release();
  }
}

describe('every code of docs/errors.md', () => {
  const clock = new TestClock();
  let app: TestApp;
  let keyHolders = 0;
  let hostile: HostileProvider;

  beforeAll(async () => {
    const profile = { fields: v.object({ handle: v.string() }) };
    hostile = await startHostileProvider();
    const oauth = { providers: { hostile: discovered(hostile, 'hostile') } };
    const auth = { profile, oauth, passkeys: { cap: 1 }, overrides: [{ provide: AuthHooks, useClass: VetoHooks }] };
    app = await startApp({ clock, controllers: [RulesController], auth });
    await app.client().register('ada@example.com');
  });
  afterAll(async () => {
    await app.close();
    await hostile.close();
  });

  async function ada(): Promise<Client> {
    const client = app.client();
    expect((await client.signIn('ada@example.com')).status).toBe(200);
    return client;
  }

  async function last(answers: readonly (() => Promise<Answer>)[]): Promise<Answer> {
    let answer: Answer | undefined;
    for (const ask of answers) answer = await ask();
    return answer!;
  }

  /** As many as the account may have: one. */
  async function withPasskey(): Promise<{ readonly client: Client; readonly userId: string }> {
    keyHolders += 1;
    const email = `key${keyHolders}@example.com`;
    const client = app.client();
    await app.get(Accounts).create({ email, password: PASSWORD });
    const userId: string = (await client.signIn(email)).body.user.id;
    await addPasskey(client, new SoftKey('http://localhost:3000'));
    return { client, userId };
  }

  const stranger = () => app.client();
  const times = (count: number, ask: () => Promise<Answer>) => last(Array.from({ length: count }, () => ask));

  const PROVOKED: Record<Exclude<AuthErrorCode, CodeInAddress>, () => Promise<Answer>> = {
    VALIDATION_FAILED: () => stranger().post('/auth/login', {}),
    PASSWORD_REJECTED: () => stranger().register('new@example.com', 'short'),
    INVALID_TOKEN: () => stranger().post('/auth/password/reset', { token: 'x', password: PASSWORD }),
    MALFORMED_REQUEST: () => stranger().get('/auth/me', { headers: { authorization: 'Bearer x', 'x-api-key': 'x' } }),
    NOT_AUTHENTICATED: () => stranger().get('/auth/me'),
    INVALID_CREDENTIALS: () => stranger().signIn('nobody@example.com'),
    INVALID_ACCESS_TOKEN: () => stranger().get('/auth/me', { headers: { authorization: 'Bearer x' } }),
    INVALID_API_KEY: () => stranger().get('/auth/me', { headers: { 'x-api-key': 'x' } }),
    INVALID_REFRESH_TOKEN: () => stranger().post('/auth/token/refresh', { refresh_token: 'x' }),
    REFRESH_TOKEN_REUSED: async () => {
      const tokens = (await stranger().signIn('ada@example.com', PASSWORD, { deliver: 'tokens' })).body;
      const refresh = (token: string) => stranger().post('/auth/token/refresh', { refresh_token: token });
      const second = (await refresh(tokens.refresh_token)).body;
      await refresh(second.refresh_token);
      return refresh(tokens.refresh_token);
    },
    CHALLENGE_EXPIRED: () =>
      stranger().post('/auth/token', { grant_type: 'authorization_code', code: 'x', code_verifier: 'x' }),
    EMAIL_NOT_VERIFIED: async () => (await ada()).get('/rules/verified'),
    MFA_REQUIRED: async () => {
      await stranger().register('factor@example.com');
      const client = stranger();
      await client.signIn('factor@example.com');
      await enrol(clock, client);
      const grant = { grant_type: 'password', username: 'factor@example.com', password: PASSWORD };
      return stranger().post('/auth/token', grant);
    },
    SECOND_FACTOR_REQUIRED: async () => (await ada()).get('/rules/factor'),
    ENROLMENT_REQUIRED: async () => (await ada()).get('/rules/authenticator'),
    SIGN_IN_REFUSED: () =>
      stranger().post(
        '/auth/login',
        { email: 'ada@example.com', password: PASSWORD },
        { headers: { 'user-agent': 'refused' } },
      ),
    FORBIDDEN: async () => (await ada()).get('/auth/admin/checklist'),
    LAST_ADMINISTRATOR: async () => {
      await app.dataSource.query('DELETE FROM auth_user_roles');
      await app.get(Accounts).createAdministrator({ email: 'last@example.com', password: PASSWORD });
      const client = app.client();
      await client.signIn('last@example.com');
      return client.delete('/auth/me');
    },
    IMPERSONATION_FORBIDDEN: async () => {
      await app.get(Accounts).create({ email: 'support@example.com', password: PASSWORD, roles: ['admin'] });
      const { id } = (await app.get(Accounts).create({ email: 'customer@example.com', password: PASSWORD }))!;
      const client = stranger();
      await client.signIn('support@example.com');
      await client.post(`/auth/admin/users/${id}/impersonate`, { reason: 'Ticket 4711' });
      return client.get('/auth/sessions');
    },
    ADDRESS_BLOCKED: async () => {
      const rule = await app.get(IpRules).add({ network: '127.0.0.1', action: 'block' });
      const answer = await stranger().get('/auth/session');
      await app.get(IpRules).remove(rule.id);
      return answer;
    },
    REAUTHENTICATION_REQUIRED: async () => {
      const client = await ada();
      clock.advance(5 * 60_000 + 1);
      return client.get('/rules/fresh');
    },
    CSRF_FAILED: async () => (await ada()).post('/rules/write', {}, { csrf: false }),
    NOT_FOUND: async () => (await ada()).delete('/auth/sessions/00000000-0000-7000-8000-000000000000'),
    INVALID_CODE: async () => {
      const deliver = 'tokens';
      const asked = await stranger().post('/auth/email-code/request', { email: 'nobody@example.com', deliver });
      return stranger().post('/auth/email-code', { challenge: asked.body.challenge, code: '123456', deliver });
    },
    ALREADY_ENABLED: async () => (await ada()).post('/auth/password/set', { password: PASSWORD }),
    ALREADY_EXISTS: async () => {
      await app.get(Accounts).create({ email: 'grace@example.com', fields: { handle: 'admiral' } });
      return (await ada()).call('PATCH', '/auth/me', { body: { handle: 'admiral' } });
    },
    LAST_SIGN_IN_METHOD: async () => {
      const { client, userId } = await withPasskey();
      await app.dataSource.getRepository(User).update({ id: userId }, { passwordHash: null });
      const [{ id }] = (await client.get('/auth/passkeys')).body.items;
      return client.delete(`/auth/passkeys/${id}`);
    },
    LIMIT_REACHED: async () => (await withPasskey()).client.post('/auth/passkeys/registration/options', {}),
    RATE_LIMITED: () => times(25, () => stranger().register('many@example.com')),
    TOO_MANY_ATTEMPTS: () => times(6, () => stranger().signIn('guessed@example.com', 'a wrong password altogether')),
    STORE_UNAVAILABLE: async () => (await ada()).get('/rules/failing'),
    BUSY: busy,
  };

  const elsewhere = { sub: 'somebody', email: 'somebody@example.com', emailVerified: true };
  const ADDRESSED: Record<CodeInAddress, () => Promise<string | null>> = {
    OAUTH_FAILED: async () => errorIn(await stranger().get('/auth/oauth/hostile/callback?code=x&state=x')),
    OAUTH_CANCELLED: async () => {
      const client = stranger();
      const state = new URL(await begin(client, 'hostile')).searchParams.get('state')!;
      const query = new URLSearchParams({ error: 'access_denied', state, iss: hostile.issuer('hostile') });
      return errorIn(await open(client, new URL(`${app.url}/auth/oauth/hostile/callback?${query.toString()}`)));
    },
    OAUTH_LINK_REQUIRED: async () => (await through(stranger(), hostile, { sub: 'unproven' })).error,
    ALREADY_LINKED: async () => {
      await through(stranger(), hostile, elsewhere);
      return (await link({ id: '', email: '', client: await ada() }, hostile, elsewhere)).error;
    },
  };
  const errorIn = ({ headers }: Answer): string | null =>
    new URL(headers.get('location') ?? '', app.url).searchParams.get('error');

  it.each(rows.filter(isInAddress).map(([, code]) => code as CodeInAddress))(
    '%s is where a browser is led to',
    async (code) => {
      expect(await ADDRESSED[code]()).toBe(code);
    },
  );

  const answered = rows.filter((row) => !isInAddress(row));
  it.each(answered.map(([status, code]) => [code as Exclude<AuthErrorCode, CodeInAddress>, Number(status)] as const))(
    '%s is answered, with %i and what the table says of Retry-After and details',
    async (code, status) => {
      const answer = await PROVOKED[code]();
      expect(answer.body).toMatchObject({ statusCode: status, code });
      expect(answer.status).toBe(status);
      const when = rows.find(([, listed]) => listed === code)?.[2] ?? '';
      expect(Number(answer.headers.get('retry-after') ?? 0) >= 1).toBe(when.includes('Retry-After'));
      expect('details' in answer.body).toBe(/details|body names/.test(when));
    },
  );

  async function busy(): Promise<Answer> {
    const hasher = new SlowHasher();
    const full = await startApp({
      auth: { passwords: { concurrency: 1, queue: 0 } },
      override: (builder) => builder.overrideProvider(PasswordHasher).useValue(hasher),
    });
    hasher.slow = true;
    const first = full.client().signIn('a@example.com');
    const second = full.client().signIn('b@example.com');
    const answer = await Promise.race([first, second]);
    hasher.end();
    await Promise.all([first, second]);
    await full.close();
    return answer;
  }
});
