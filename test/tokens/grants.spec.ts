import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { newPerson, type Person } from '../sessions/kit.js';
import { ADAPTERS, PASSWORD, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { askToken, claimsOf, generationOf, hooksOf, newFamily, rowOf, startTokens, usable } from './kit.js';

const SUCCESS = ['access_token', 'device_token', 'expires_in', 'refresh_token', 'scope', 'token_type'];

const problem = (field: string, rule: string, message: string) => ({ field, rule, message });
const missing = (field: string) => problem(field, 'required', 'This field is required.');
const notText = (field: string) => problem(field, 'type', 'This field has the wrong type.');
const unsupported = problem('grant_type', 'oneOf', 'This is none of the possible values.');
const INVALID_SCOPE = problem('scope', 'scope', 'None of these scopes can be granted.');
const MALFORMED_SCOPE = problem('scope', 'scope', 'Scopes are separated by single spaces.');

/** The whole body of a refused request. */
function invalid(error: string, ...details: object[]): object {
  const message = 'The request is not valid.';
  return { statusCode: 400, error, error_description: message, code: 'VALIDATION_FAILED', message, details };
}

function refusal(statusCode: number, code: string, error: string, message: string): object {
  return { statusCode, error, error_description: message, code, message };
}

const WRONG = refusal(
  401,
  'INVALID_CREDENTIALS',
  'invalid_grant',
  'Wrong credentials, or the address has not been confirmed yet.',
);
const NOT_GOOD = refusal(
  401,
  'INVALID_REFRESH_TOKEN',
  'invalid_grant',
  'The refresh token is not valid. Sign in again.',
);

type Parameters = Readonly<Record<string, string>>;

/** How parameters are sent (RFC 6749 §4.3.2 knows the form alone). */
const FORMATS: readonly { as: string; send(app: TestApp, path: string, body: Parameters): Promise<Answer> }[] = [
  { as: 'JSON', send: (app, path, body) => app.client().post(path, body) },
  {
    as: 'a form',
    send: (app, path, body) =>
      app.client().call('POST', path, {
        raw: new URLSearchParams(body).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
  },
];

describe.each(ADAPTERS)('the token endpoint on %s', (adapter) => {
  let app: TestApp;
  let ada: Person;
  beforeAll(async () => {
    app = await startTokens({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    ada = await newPerson(app, ['editor']);
  });
  afterAll(() => app.close());
  beforeEach(() => hooksOf(app).reset());

  const password = (more: Parameters = {}): Parameters => ({
    grant_type: 'password',
    username: ada.email,
    password: PASSWORD,
    ...more,
  });

  describe.each(FORMATS)('with $as', ({ send }) => {
    const token = (body: Parameters): Promise<Answer> => send(app, '/auth/token', body);
    const headersOf = ({ headers }: Answer): unknown[] => [headers.get('cache-control'), headers.get('pragma')];

    it('gives tokens for a password', async () => {
      const answer = await token(password());
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body).sort()).toEqual(SUCCESS);
      expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'notes:read notes:write' });
      expect(headersOf(answer)).toEqual(['no-store', 'no-cache']);
      expect(await usable(app, answer.body)).toBe(true);
      expect(answer.setCookies.map((line) => line.split('=')[0])).toEqual(['auth_device']);
    });

    it('gives the scopes that were asked for and can be granted, unknown ones left out', async () => {
      const { status, body } = await token(password({ scope: 'notes:write token:introspect nothing' }));
      expect([status, body.scope]).toEqual([200, 'notes:write']);
      expect(claimsOf(body.access_token)).toMatchObject({ scope: 'notes:write', roles: ['editor'] });
    });

    it('refreshes, at both addresses', async () => {
      const { body: first } = await token(password({ scope: 'notes:read' }));
      const second = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
      expect(second.status).toBe(200);
      expect(Object.keys(second.body).sort()).toEqual(SUCCESS.filter((name) => name !== 'device_token'));
      expect(headersOf(second)).toEqual(['no-store', 'no-cache']);
      expect(second.setCookies).toEqual([]);
      const third = await send(app, '/auth/token/refresh', {
        refresh_token: second.body.refresh_token,
        scope: 'notes:read',
        grant_type: 'anything',
      });
      expect(third.status).toBe(200);
      expect(headersOf(third)).toEqual(['no-store', 'no-cache']);
      expect(generationOf(third.body.refresh_token)).toBe(2);
      expect(third.body.scope).toBe('notes:read');
    });

    it('ignores what it does not know, and takes an empty parameter as left out', async () => {
      const more = { client_id: 'x', client_secret: 'y', audience: 'z', scope: '', device_token: '', code: '' };
      const { status, body } = await token(password(more));
      expect([status, body.scope]).toEqual([200, 'notes:read notes:write']);
    });

    it.each<[string, Parameters, object]>([
      ['no parameter', {}, invalid('invalid_request', missing('grant_type'))],
      ['an empty grant', { grant_type: '' }, invalid('invalid_request', missing('grant_type'))],
      ['another grant', { grant_type: 'client_credentials' }, invalid('unsupported_grant_type', unsupported)],
      ['a grant of the prototype', { grant_type: 'constructor' }, invalid('unsupported_grant_type', unsupported)],
      ['another spelling', { grant_type: 'Password' }, invalid('unsupported_grant_type', unsupported)],
      [
        'no user name and no password',
        { grant_type: 'password' },
        invalid('invalid_request', missing('username'), missing('password')),
      ],
      [
        'an empty password',
        { grant_type: 'password', username: 'x', password: '' },
        invalid('invalid_request', missing('password')),
      ],
      [
        'a user name that is none',
        { grant_type: 'password', username: 'a\u0000b', password: 'x' },
        invalid('invalid_request', problem('username', 'format', 'This contains characters that no identifier has.')),
      ],
      [
        'a user name that is too long',
        { grant_type: 'password', username: 'a'.repeat(255), password: 'x' },
        invalid('invalid_request', problem('username', 'maxLength', 'This is too long.')),
      ],
      ['no refresh token', { grant_type: 'refresh_token' }, invalid('invalid_request', missing('refresh_token'))],
      [
        'no code',
        { grant_type: 'authorization_code' },
        invalid('invalid_request', missing('code'), missing('code_verifier')),
      ],
      ['a wrong password', { grant_type: 'password', username: 'nobody@example.com', password: 'x' }, WRONG],
      ['a refresh token that is none', { grant_type: 'refresh_token', refresh_token: 'x' }, NOT_GOOD],
      [
        'a code that is none',
        { grant_type: 'authorization_code', code: 'x', code_verifier: 'x' },
        refusal(401, 'CHALLENGE_EXPIRED', 'invalid_grant', 'This has expired or was used. Start again.'),
      ],
    ])('refuses %s', async (_what, body, expected) => {
      const answer = await token(body);
      expect(answer.body).toEqual(expected);
      expect(answer.status).toBe((expected as { statusCode: number }).statusCode);
      expect(headersOf(answer)[0]).toBe('no-store');
      expect(answer.setCookies).toEqual([]);
    });

    it('refuses a wrong password, a disabled and an unknown account in the same words', async () => {
      const disabled = await newPerson(app);
      await app.get(Accounts).disable(disabled.userId);
      const asked = [
        password({ password: 'a wrong one altogether' }),
        password({ username: disabled.email }),
        password({ username: 'nobody@example.com' }),
      ];
      for (const body of asked) expect((await token(body)).body).toEqual(WRONG);
    });

    it.each([
      ['token:introspect', INVALID_SCOPE],
      ['nothing of ours', INVALID_SCOPE],
      ['notes:read  notes:write', MALFORMED_SCOPE],
      [' notes:read', MALFORMED_SCOPE],
      ['notes:"read"', MALFORMED_SCOPE],
      ['nötes', MALFORMED_SCOPE],
    ])('refuses the scope "%s", and begins no session', async (scope, expected) => {
      const person = await newPerson(app);
      const answer = await token(password({ username: person.email, scope }));
      expect([answer.status, answer.body]).toEqual([400, invalid('invalid_scope', expected)]);
      await expect(rowOf(app, person)).rejects.toThrow();
    });

    it('refuses a scope at refresh that was never granted', async () => {
      const { body: first } = await token(password({ scope: 'notes:read' }));
      const answer = await send(app, '/auth/token/refresh', {
        refresh_token: first.refresh_token,
        scope: 'notes:write',
      });
      const details = problem('scope', 'scope', 'A scope here was not granted at sign-in.');
      expect([answer.status, answer.body]).toEqual([400, invalid('invalid_scope', details)]);
    });

    it('refuses as the application says', async () => {
      hooksOf(app).veto = () => false;
      const answer = await token(password());
      const expected = refusal(403, 'SIGN_IN_REFUSED', 'invalid_grant', 'Signing in was refused.');
      expect([answer.status, answer.body]).toEqual([403, expected]);
    });

    it('says for the other endpoints what is missing', async () => {
      expect((await send(app, '/auth/token/refresh', {})).body).toEqual(
        invalid('invalid_request', missing('refresh_token')),
      );
      expect((await send(app, '/auth/token/revoke', { token: '' })).body).toEqual(
        invalid('invalid_request', missing('token')),
      );
    });
  });

  it('leaves no session behind when the claims of its token cannot be had', async () => {
    const person = await newPerson(app);
    hooksOf(app).more = () => {
      throw new Error('of the application');
    };
    const answer = await askToken(app, password({ username: person.email }));
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('of the application');
    expect(answer.setCookies).toEqual([]);
    expect((await rowOf(app, person)).revokedAt).not.toBeNull();
  });

  it('adds claims of the application, but none that has a meaning already', async () => {
    hooksOf(app).more = () => ({ tenant: 'blue', sub: 'somebody', exp: 1, scope: 'all', roles: ['admin'] });
    const { first } = await newFamily(app);
    expect(claimsOf(first.access_token)).toMatchObject({ tenant: 'blue', scope: 'notes:read', roles: [] });
    expect(await usable(app, first)).toBe(true);
  });

  it('takes no parameter twice, and no list or object for a text', async () => {
    const form = (raw: string): Promise<Answer> =>
      app
        .client()
        .call('POST', '/auth/token', { raw, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    const asked = new URLSearchParams(password()).toString();
    for (const [extra, field] of [
      ['username=other@example.com', 'username'],
      ['password=x', 'password'],
      ['scope=notes:read&scope=notes:read', 'scope'],
      ['scope=&scope=', 'scope'],
      ['device_token=a&device_token=b', 'device_token'],
    ] as const) {
      const { status, body } = await form(`${asked}&${extra}`);
      expect([extra, status, body.error, body.details]).toEqual([extra, 400, 'invalid_request', [notText(field)]]);
    }
    const twice = await form(`${asked}&grant_type=password`);
    expect([twice.status, twice.body.error, twice.body.details]).toEqual([
      400,
      'invalid_request',
      [notText('grant_type')],
    ]);
    for (const value of [1, true, null, ['x'], { length: 1 }]) {
      for (const field of ['username', 'password', 'scope', 'device_token']) {
        const { status, body } = await askToken(app, { ...password(), [field]: value });
        expect([status, body.error, body.details]).toEqual([400, 'invalid_request', [notText(field)]]);
      }
      const { status, body } = await app.client().post('/auth/token/refresh', { refresh_token: value });
      expect([status, body.error, body.details]).toEqual([400, 'invalid_request', [notText('refresh_token')]]);
    }
  });
});
