import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { startMailApp, type MailApp } from '../email/kit.js';
import { Account } from '../../lib/users/account.entity.js';
import { PASSWORD, STANDS } from '../support/app.js';
import type { Client } from '../support/client.js';
import { expectStatus, newAdministrator, newPerson, rowsAbout, signedIn, type Person } from './kit.js';

const USERS = '/auth/admin/users';
const REFUSED = 'VALIDATION_FAILED';

describe.each(STANDS)('users, for administrators ($adapter, $database, $store)', (stack) => {
  let running: MailApp;
  let admin: Client;
  let self: Person;
  beforeAll(async () => {
    running = await startMailApp(stack, {
      rateLimits: { multiplier: 1_000 },
      identifiers: ['email', 'handle'],
      publicUserFields: ['displayName'],
      administration: {
        fields: v.strictObject({ displayName: v.optional(v.string()), handle: v.optional(v.string()) }),
      },
      roles: { grants: { admin: ['*'], editor: ['notes:*'] }, default: ['member'] },
    });
    const made = await newAdministrator(running.app);
    admin = made.browser;
    self = made.who;
  });
  afterAll(() => running.close());

  const patch = (id: string, body: object) => admin.call('PATCH', `${USERS}/${id}`, { body });

  it('makes one without a password, who sets it by a mailed link', async () => {
    const { app, mailbox, deliver } = running;
    const body = { email: 'Grace@Example.com', roles: ['editor'], displayName: 'Grace', handle: 'grace' };
    const { body: user } = expectStatus(await admin.post(USERS, body), 201);
    expect(user).toEqual({
      id: user.id,
      email: 'Grace@Example.com',
      emailVerified: false,
      roles: ['editor'],
      createdAt: expect.any(String),
      displayName: 'Grace',
      handle: 'grace',
      disabled: false,
      disabledAt: null,
      hasPassword: false,
      secondFactors: [],
    });
    expectStatus(await admin.post(USERS, { email: 'grace@example.com' }), 409, 'ALREADY_EXISTS');
    expectStatus(await admin.post(USERS, { email: 'other@example.com', handle: 'grace' }), 409, 'ALREADY_EXISTS');
    await deliver();
    const mail = mailbox.all('Grace@Example.com')[0]!;
    expect([mail.kind, mail.text]).toEqual(['account-created', expect.stringContaining('Set a password')]);
    expectStatus(await app.client().post('/auth/password/reset', { token: mail.token, password: PASSWORD }), 204);
    expectStatus(await app.client().signIn('grace@example.com'), 200);
    const { body: later } = await admin.get(`${USERS}/${user.id}`);
    expect([later.emailVerified, later.hasPassword]).toEqual([true, true]);
    const made = (await rowsAbout(app, user.id)).find(({ type }) => type === 'account.created');
    expect(made).toMatchObject({ actorId: self.id, sessionId: expect.any(String) });
    expect(made?.address).not.toBeNull();
  });

  it('takes no password, no role that is not declared and nothing that is not named', async () => {
    const email = 'refused@example.com';
    for (const body of [
      { email, password: PASSWORD },
      { email, roles: ['edtior'] },
      { email, id: 'x' },
      { email, passwordHash: 'x' },
      { email: 'no address' },
      { email, roles: 'admin' },
      { email, displayName: 'x'.repeat(81) },
      {},
    ]) {
      expectStatus(await admin.post(USERS, body), 400, REFUSED);
    }
    const { id } = await newPerson(running.app);
    for (const body of [{ roles: ['admin'] }, { password: PASSWORD }, { emailCanonical: 'x' }, { disabled: 'yes' }]) {
      expectStatus(await patch(id, body), 400, REFUSED);
    }
    expectStatus(await admin.get(`${USERS}/nobody`), 404);
    for (const call of ['PATCH nobody', 'DELETE nobody', 'POST nobody/password-reset', 'POST nobody/lock']) {
      const [verb = '', path = ''] = call.split(' ');
      expectStatus(await admin.call(verb, `${USERS}/${path}`, verb === 'DELETE' ? {} : { body: {} }), 404);
    }
    for (const path of ['nobody/roles', 'nobody/sessions', 'nobody/lock']) {
      expectStatus(await admin.get(`${USERS}/${path}`), 404);
    }
    expectStatus(await admin.delete(`${USERS}/nobody/sessions`), 404);
    expectStatus(await admin.post(`${USERS}/nobody/roles`, { role: 'editor' }), 404);
  });

  it('changes columns, says which in the trail, and tells of a name to sign in with', async () => {
    const { app, mailbox, deliver } = running;
    const person = await newPerson(app);
    const { id, email } = person;
    for (let again = 0; again < 2; again += 1) {
      const { body } = expectStatus(await patch(id, { displayName: 'Ada', handle: `ada-${stack.database}` }), 200);
      expect([body.displayName, body.handle]).toEqual(['Ada', `ada-${stack.database}`]);
    }
    const rows = (await rowsAbout(app, id)).filter(({ type }) => type !== 'account.created');
    expect(rows.map(({ type, actorId, details }) => [type, actorId, details]).sort()).toEqual([
      ['account.identifier_changed', self.id, { column: 'handle' }],
      ['account.updated', self.id, { columns: 'displayName,handle' }],
    ]);
    await deliver();
    expect(mailbox.all(email).map(({ kind }) => kind)).toEqual(['identifier-changed']);
    const { id: other } = await newPerson(app);
    expectStatus(await patch(other, { handle: `ada-${stack.database}`, displayName: 'Eve' }), 409, 'ALREADY_EXISTS');
    expect((await admin.get(`${USERS}/${other}`)).body.displayName).toBeNull();
  });

  it('gives another address, which ends what was begun with the old one and grants nothing', async () => {
    const { app, mailbox, deliver } = running;
    const person = await newPerson(app, ['editor']);
    const browser = await signedIn(app, person);
    expectStatus(await browser.post('/auth/magic-link/request', { email: person.email }), 202);
    await deliver();
    const link = mailbox.all(person.email).find(({ kind }) => kind === 'magic-link')!;
    const email = `moved-${stack.database}@example.com`;
    const { body } = expectStatus(await patch(person.id, { email }), 200);
    expect([body.email, body.emailVerified, body.roles]).toEqual([email, false, ['editor']]);
    expectStatus(await browser.get('/auth/me'), 401);
    expectStatus(await browser.post('/auth/magic-link', { token: link.token }), 400, 'INVALID_TOKEN');
    await deliver();
    expect(mailbox.all(person.email).at(-1)?.kind).toBe('email-changed');
    expect(mailbox.all(email).map(({ kind }) => kind)).toEqual(['verify-email']);
    expectStatus(await app.client().signIn(email), 401);
    expectStatus(await patch(person.id, { emailVerified: true }), 200);
    expectStatus(await app.client().signIn(email), 200);
    expectStatus(await patch(person.id, { emailVerified: false }), 200);
    expectStatus(await app.client().signIn(email), 401);
    const types = (await rowsAbout(app, person.id)).map(({ type }) => type);
    expect(types.filter((type) => /^(?:email|account\.updated)/.test(type)).sort()).toEqual([
      'account.updated',
      'email.changed',
      'email.verified',
    ]);
    const { email: taken } = await newPerson(app);
    expectStatus(await patch(person.id, { email: taken.toUpperCase(), displayName: 'Eve' }), 409, 'ALREADY_EXISTS');
    const { body: same } = await admin.get(`${USERS}/${person.id}`);
    expect([same.email, same.displayName]).toEqual([email, null]);
    const { body: vouched } = await patch(person.id, { email: `own-${taken}`, emailVerified: true });
    expect([vouched.email, vouched.emailVerified]).toEqual([`own-${taken}`, true]);
  });

  it('mails the owner a link to set a password, whatever strangers have asked for', async () => {
    const { app, mailbox, deliver } = running;
    const { id, email } = await newPerson(app);
    expect(await admin.post(`${USERS}/${id}/password-reset`, {})).toMatchObject({
      status: 202,
      body: { status: 'accepted' },
    });
    await deliver();
    expect(mailbox.all(email).map(({ kind }) => kind)).toEqual(['reset-password']);
    const { token } = mailbox.all(email)[0]!;
    expectStatus(await app.client().post('/auth/password/reset', { token, password: `${PASSWORD} anew` }), 204);
    expect((await rowsAbout(app, id)).find(({ type }) => type === 'password.reset_requested')?.actorId).toBe(self.id);
  });

  it('locks with a reason that is one line, and unlocks after wrong passwords too', async () => {
    const { app } = running;
    const person = await newPerson(app);
    const browser = await signedIn(app, person);
    const lock = `${USERS}/${person.id}/lock`;
    const free = { disabled: false, disabledAt: null, lockedUntil: null, stopped: false };
    expect((await admin.get(lock)).body).toEqual({ ...free, failedInRow: 0, failedInRowKnown: 0 });
    for (let times = 0; times < 5; times += 1) await app.client().signIn(person.email, 'a wrong password altogether');
    await expect.poll(async () => (await admin.get(lock)).body.failedInRow).toBe(5);
    for (let look = 0; look < 3; look += 1) {
      const { body } = await admin.get(lock);
      expect([body.failedInRow, body.stopped]).toEqual([5, false]);
      expect(Date.parse(body.lockedUntil) - running.clock.now()).toBeLessThanOrEqual(60_000);
    }
    expectStatus(await app.client().signIn(person.email), 429);
    expectStatus(await admin.delete(lock), 204);
    expectStatus(await app.client().signIn(person.email), 200);

    expectStatus(await admin.post(lock, { reason: 'x'.repeat(201) }), 400, REFUSED);
    expectStatus(await admin.post(lock, { reason: ' left\r\n\u2028the\u202e company ' }), 204);
    expectStatus(await admin.post(lock, {}), 204);
    expect((await admin.get(lock)).body).toMatchObject({ disabled: true, disabledAt: expect.any(String) });
    expectStatus(await browser.get('/auth/me'), 401);
    const refused = await app.client().signIn(person.email);
    const unknown = await app.client().signIn('nobody-at-all@example.com');
    expect([refused.status, refused.text]).toEqual([401, unknown.text]);
    expectStatus(await admin.delete(lock), 204);
    expectStatus(await browser.get('/auth/me'), 401);
    expectStatus(await app.client().signIn(person.email), 200);
    await app.dataSource.query(`UPDATE auth_accounts SET failed_in_row = 100 WHERE user_id = '${person.id}'`);
    expect((await admin.get(lock)).body.stopped).toBe(true);
    const rows = await rowsAbout(app, person.id);
    const locked = rows.filter(({ type }) => type === 'account.disabled');
    expect(locked.map(({ actorId, details }) => [actorId, details])).toEqual([
      [self.id, { reason: 'left the company' }],
    ]);
  });

  it('lists sessions and ends one or all of them', async () => {
    const { app } = running;
    const person = await newPerson(app);
    const [one, two] = [await signedIn(app, person), await signedIn(app, person)];
    const sessions = `${USERS}/${person.id}/sessions`;
    const { body } = await admin.get(`${sessions}?limit=1`);
    expect(body.items).toHaveLength(1);
    expect(body.items[0].current).toBe(false);
    const { body: rest } = await admin.get(`${sessions}?cursor=${body.nextCursor}`);
    const own = (await one.get('/auth/sessions')).body.items.find((each: { current: boolean }) => each.current).id;
    expect([body.items[0].id, rest.items[0].id]).toContain(own);
    const { id: mine } = (await admin.get('/auth/sessions')).body.items[0];
    expectStatus(await admin.delete(`${sessions}/${mine}`), 404);
    expectStatus(await admin.delete(`${sessions}/${own}`), 204);
    expectStatus(await one.get('/auth/me'), 401);
    expectStatus(await two.get('/auth/me'), 200);
    expect((await admin.delete(sessions)).body).toEqual({ revoked: 1 });
    expectStatus(await two.get('/auth/me'), 401);
    const rows = await rowsAbout(app, person.id);
    expect(
      rows
        .filter(({ actorId }) => actorId === self.id)
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['session.all_revoked', 'session.revoked']);
  });

  it('assigns and removes roles, each once, and shows which there are', async () => {
    const { app } = running;
    const person = await newPerson(app);
    const roles = `${USERS}/${person.id}/roles`;
    for (let again = 0; again < 2; again += 1) expectStatus(await admin.post(roles, { role: 'editor' }), 204);
    expect((await admin.get(roles)).body).toEqual({
      items: [{ role: 'editor', permissions: ['notes:*'], assignedAt: expect.any(String) }],
      nextCursor: null,
    });
    expectStatus(await admin.post(roles, { role: 'Editor' }), 400, REFUSED);
    expectStatus(await admin.post(roles, { role: '' }), 400, REFUSED);
    await app.get(Accounts).assignRole(person.id, 'made-by-code');
    const { body } = await admin.get('/auth/admin/roles');
    const named = (name: string) => body.items.find((each: { name: string }) => each.name === name);
    expect(named('made-by-code')).toEqual({
      name: 'made-by-code',
      permissions: [],
      isDefault: false,
      isDeclared: false,
      users: 1,
      more: false,
    });
    expect(named('member')).toMatchObject({ isDefault: true, isDeclared: true, users: 0 });
    expect(named('admin')).toMatchObject({ permissions: ['*'], users: 1 });
    for (let again = 0; again < 2; again += 1) expectStatus(await admin.delete(`${roles}/editor`), 204);
    expectStatus(await admin.delete(`${roles}/made-by-code`), 204);
    const types = (await rowsAbout(app, person.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'role.assigned')).toHaveLength(2);
    expect(types.filter((type) => type === 'role.removed')).toHaveLength(2);
  });

  it('takes no text for a user, a role or a session that can be none, and keeps nothing of it', async () => {
    const { app } = running;
    const { id } = await newPerson(app);
    const session = '01890000-0000-7000-8000-000000000000';
    const accounts = await app.dataSource.getRepository(Account).count();
    const reason = { reason: 'Ticket 4711: the report stays empty' };
    for (const odd of ['a%00b', 'x'.repeat(60), session]) {
      expectStatus(await patch(odd, {}), 404, 'NOT_FOUND');
      expectStatus(await patch(odd, { emailVerified: true }), 404, 'NOT_FOUND');
      expectStatus(await admin.post(`${USERS}/${odd}/impersonate`, reason), 404, 'NOT_FOUND');
      expectStatus(await admin.delete(`${USERS}/${odd}/sessions/${session}`), 404, 'NOT_FOUND');
      expectStatus(await admin.delete(`${USERS}/${odd}/sessions`), 404, 'NOT_FOUND');
      expectStatus(await admin.delete(`${USERS}/${odd}/roles/editor`), 404, 'NOT_FOUND');
    }
    for (const role of ['a%00b', 'x'.repeat(80)]) {
      expectStatus(await admin.delete(`${USERS}/${id}/roles/${role}`), 400, REFUSED);
    }
    expect(await app.dataSource.getRepository(Account).count()).toBe(accounts);
  });

  it('disables nobody when the rest of the change is refused', async () => {
    const { app } = running;
    const [person, other] = [await newPerson(app), await newPerson(app)];
    expectStatus(await patch(person.id, { disabled: true, email: other.email }), 409, 'ALREADY_EXISTS');
    await signedIn(app, person);
    expectStatus(await patch(person.id, { disabled: true, displayName: 'Gone' }), 200);
    expectStatus(await app.client().signIn(person.email), 401);
  });

  it('finds addresses by how they begin, to the letter', async () => {
    const { app } = running;
    for (const name of ['Se_k%1', 'Se_k%2', 'sexk%3', 'se_kx4', 'se!_k5']) {
      await app.get(Accounts).create({ email: `${name}@example.com` });
    }
    const found = async (email: string): Promise<readonly string[]> => {
      const { body } = expectStatus(await admin.get(`${USERS}?email=${encodeURIComponent(email)}`), 200);
      return body.items.map((each: { email: string }) => each.email);
    };
    expect(await found('SE_K%')).toEqual(['Se_k%1@example.com', 'Se_k%2@example.com']);
    expect(await found('se!')).toEqual(['se!_k5@example.com']);
    expect(await found('%')).toEqual([]);
  });

  it('leaves the own account alone', async () => {
    const own = `${USERS}/${self.id}`;
    const calls: readonly (readonly [verb: string, path: string, body?: object])[] = [
      ['PATCH', '', { disabled: true }],
      ['PATCH', '', { email: 'mine@example.com', emailVerified: true }],
      ['DELETE', ''],
      ['POST', '/lock', {}],
      ['DELETE', '/lock'],
      ['POST', '/roles', { role: 'editor' }],
      ['DELETE', '/roles/admin'],
      ['DELETE', '/sessions'],
      ['POST', '/password-reset', {}],
    ];
    await newPerson(running.app, ['admin']);
    for (const [verb, path, body] of calls) {
      expectStatus(await admin.call(verb, own + path, body === undefined ? {} : { body }), 403, 'FORBIDDEN');
    }
    expectStatus(await admin.get(own), 200);
  });

  it('deletes one with all that is theirs', async () => {
    const { app } = running;
    const person = await newPerson(app, ['editor']);
    const browser = await signedIn(app, person);
    expectStatus(await admin.delete(`${USERS}/${person.id}`), 204);
    expectStatus(await browser.get('/auth/me'), 401);
    expectStatus(await admin.get(`${USERS}/${person.id}`), 404);
    expectStatus(await admin.delete(`${USERS}/${person.id}`), 404);
    const rows = await rowsAbout(app, person.id);
    const gone = rows.find(({ type }) => type === 'account.deleted');
    expect(gone).toMatchObject({ actorId: self.id, sessionId: expect.any(String) });
  });
});
