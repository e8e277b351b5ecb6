import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { newPerson, type Person } from '../sessions/kit.js';
import { ADAPTERS, PASSWORD, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { askToken, hooksOf, rowOf, startTokens } from './kit.js';

import { FORMATS, invalid, missing, NOT_GOOD, notText, problem, refusal, WRONG, type Parameters } from './grant-lab.js';

const INVALID_SCOPE = problem('scope', 'scope', 'None of these scopes can be granted.');
const UNKNOWN_SCOPE = problem('scope', 'scope', 'None of these scopes exists.');
const MALFORMED_SCOPE = problem('scope', 'scope', 'Scopes are separated by single spaces.');

const unsupported = problem('grant_type', 'oneOf', 'This is none of the possible values.');

describe.each(ADAPTERS)('the token endpoint refuses, on %s', (adapter) => {
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
      expect(answer.headers.get('cache-control')).toBe('no-store');
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
      ['nothing of ours', UNKNOWN_SCOPE],
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

    it.each([
      ['zzz', UNKNOWN_SCOPE],
      ['zzz ', MALFORMED_SCOPE],
    ])('the scope "%s" without a word about the password', async (scope, expected) => {
      const person = await newPerson(app);
      const asked = [
        password({ username: person.email, scope }),
        password({ username: person.email, password: 'a wrong one altogether', scope }),
        password({ username: 'nobody@example.com', scope }),
      ];
      for (const body of asked) {
        const answer = await token(body);
        expect([answer.status, answer.body]).toEqual([400, invalid('invalid_scope', expected)]);
      }
      const login = { email: person.email, deliver: 'tokens', scope };
      for (const right of [PASSWORD, 'a wrong one altogether']) {
        const answer = await app.client().post('/auth/login', { ...login, password: right });
        expect([answer.status, answer.body.code, answer.body.details]).toEqual([400, 'VALIDATION_FAILED', [expected]]);
      }
      expect(hooksOf(app).asked).toEqual([]);
    });

    it('a scope that others may have after the application was asked, which so hears of the password', async () => {
      const person = await newPerson(app);
      const answer = await token(password({ username: person.email, scope: 'token:introspect' }));
      expect(answer.body).toEqual(invalid('invalid_scope', INVALID_SCOPE));
      expect(hooksOf(app).asked).toMatchObject([{ userId: person.userId, method: 'pwd' }]);
      const wrong = password({ username: person.email, password: 'a wrong one altogether', scope: 'token:introspect' });
      expect((await token(wrong)).body).toEqual(WRONG);
      expect(hooksOf(app).asked).toHaveLength(1);
    });
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
