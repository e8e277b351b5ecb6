import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, PASSWORD, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';

/** What nobody may set by a body: our columns, what goes with an account, and what JavaScript finds on every object. */
const MEMBERS: readonly (readonly [name: string, value: unknown])[] = [
  ['id', '0193e4a0-0000-7000-8000-000000000000'],
  ['userId', '0193e4a0-0000-7000-8000-000000000000'],
  ['emailVerified', true],
  ['emailVerifiedAt', 1],
  ['email_verified_at', 1],
  ['emailCanonical', 'root@example.com'],
  ['passwordHash', 'x'],
  ['password_hash', 'x'],
  ['roles', ['admin']],
  ['role', 'admin'],
  ['permissions', ['*']],
  ['scopes', ['*']],
  ['epoch', 7],
  ['disabledAt', null],
  ['createdAt', 1],
  ['handle', 'root'],
  ['isAdmin', true],
  ['admin', true],
  ['constructor', { prototype: { roles: ['admin'] } }],
  ['prototype', { roles: ['admin'] }],
  ['toString', 'x'],
  ['hasOwnProperty', true],
  ['__defineGetter__', 'x'],
  ['user.roles', ['admin']],
  ['user[roles]', ['admin']],
  ['displayName.__proto__.roles', 'admin'],
];

/** What `JSON.parse` makes an own member of, and `Object.assign` then a prototype. */
const POLLUTING: readonly string[] = ['"__proto__":{"roles":["admin"],"emailVerified":true}', '"__proto__":null'];

describe.each(ADAPTERS)('mass assignment on %s', (adapter) => {
  let app: TestApp;
  let owner: Client;
  let before: unknown;

  beforeAll(async () => {
    const fields = v.object({ displayName: v.optional(v.string()) });
    app = await startApp({
      adapter,
      auth: { registration: { fields }, profile: { fields }, rateLimits: { multiplier: 1_000 } },
    });
    owner = app.client();
    await owner.register('ada@example.com');
    expect((await owner.signIn('ada@example.com')).status).toBe(200);
    before = await rows();
  });
  afterAll(() => app.close());

  const rows = async (): Promise<unknown> => [
    await app.dataSource.query('SELECT * FROM users ORDER BY id'),
    await app.dataSource.query('SELECT * FROM auth_user_roles'),
  ];

  it('is refused by name, and nobody is made or changed', async () => {
    for (const [name, value] of MEMBERS) {
      const register = { email: 'eve@example.com', password: PASSWORD, displayName: 'Eve', [name]: value };
      const bodies = [
        ['POST', '/auth/register', register],
        ['POST', '/auth/login', { email: 'ada@example.com', password: PASSWORD, [name]: value }],
        ['PATCH', '/auth/me', { displayName: 'Root', [name]: value }],
        ['POST', '/auth/password/change', { currentPassword: PASSWORD, password: `${PASSWORD} 2`, [name]: value }],
      ] as const;
      for (const [method, path, body] of bodies) {
        const answer = await owner.call(method, path, { body });
        expect([path, name, answer.status]).toEqual([path, name, 400]);
        // Fastify's own parser refuses a `constructor` with a prototype, before anybody else reads it.
        if (name === 'constructor' && adapter === 'fastify') continue;
        expect([path, name, answer.body.code]).toEqual([path, name, 'VALIDATION_FAILED']);
        expect(answer.body.details).toContainEqual(expect.objectContaining({ field: name, rule: 'unknown' }));
      }
    }
    expect(await rows()).toEqual(before);
  });

  it('by the prototype of a body reaches no object, ours or another', async () => {
    for (const member of POLLUTING) {
      const raws = [
        `{"email":"eve@example.com","password":"${PASSWORD}",${member}}`,
        `{"email":"eve@example.com","password":"${PASSWORD}","displayName":{${member}}}`,
        `{${member},"displayName":"Root"}`,
      ];
      for (const raw of raws) {
        for (const [method, path] of [
          ['POST', '/auth/register'],
          ['PATCH', '/auth/me'],
          ['POST', '/auth/login'],
        ] as const) {
          const answer = await owner.call(method, path, { raw, headers: { 'content-type': 'application/json' } });
          expect([path, raw, answer.status < 500]).toEqual([path, raw, true]);
          expect(answer.text).not.toMatch(/"roles":\["admin"\]/);
        }
      }
    }
    expect(({} as Record<string, unknown>)['roles']).toBeUndefined();
    expect(({} as Record<string, unknown>)['emailVerified']).toBeUndefined();
    const [users, roles] = (await rows()) as [{ email: string; email_verified_at: unknown }[], unknown[]];
    expect(roles).toEqual((before as unknown[])[1]);
    for (const { email_verified_at } of users) expect(email_verified_at).toBeNull();
  });

  it('by a form with brackets or dots reaches nothing either', async () => {
    for (const key of [
      '__proto__[roles]',
      'constructor[prototype][roles]',
      'roles[]',
      'roles[0]',
      'roles',
      'user[id]',
    ]) {
      const raw = new URLSearchParams({ email: 'mallory@example.com', password: PASSWORD, [key]: 'admin' }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await app.client().call('POST', '/auth/register', { raw, headers });
      expect([key, answer.status < 500]).toEqual([key, true]);
    }
    expect(({} as Record<string, unknown>)['roles']).toBeUndefined();
    expect(await app.dataSource.query("SELECT role FROM auth_user_roles WHERE role = 'admin'")).toEqual([]);
  });
});
