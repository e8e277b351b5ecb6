import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RouteRules } from '../../lib/access/route-rules.js';
import { Accounts } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { MATRIX, PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startMailApp, type MailApp } from '../email/kit.js';

const MINUTE_MS = 60_000;
const fields = v.partial(v.object({ displayName: v.string(), handle: v.nullable(v.string()) }));
const auth = {
  profile: { fields },
  publicUserFields: ['displayName', 'handle'],
  identifiers: ['email', 'handle'],
  emailVerification: 'optional',
  rateLimits: { multiplier: 1_000 },
} as const;

interface Person {
  readonly id: string;
  readonly email: string;
  readonly client: Client;
}

describe.each(MATRIX)('a name that signs in on $adapter, $database and $store', (stack) => {
  let mail: MailApp;
  let people = 0;
  beforeAll(async () => {
    mail = await startMailApp(stack, auth);
  });
  afterAll(() => mail.close());

  async function newPerson({ emailVerified = true } = {}): Promise<Person> {
    people += 1;
    const email = `person${people}@example.com`;
    const { id } = (await mail.app.get(Accounts).create({ email, password: PASSWORD, emailVerified }))!;
    const client = mail.app.client();
    expect((await client.signIn(email)).status).toBe(200);
    return { id, email, client };
  }

  const patch = ({ client }: Person, body: object): Promise<Answer> => client.call('PATCH', '/auth/me', { body });

  async function changes({ id }: Person): Promise<AuditRow[]> {
    const rows = await mail.app.dataSource.getRepository(AuditRow).findBy({ subjectId: id });
    return rows.filter(({ type }) => type === 'account.identifier_changed');
  }

  async function told({ email }: Person): Promise<number> {
    await mail.deliver();
    return mail.mailbox.all(email).filter(({ kind }) => kind === 'identifier-changed').length;
  }

  it('is changed by the fresh owner of a proven address, which is recorded and told', async () => {
    const ada = await newPerson();
    const changed = await patch(ada, { handle: 'ada.lovelace', displayName: 'Ada' });
    expect(changed.body).toMatchObject({ handle: 'ada.lovelace', displayName: 'Ada' });
    expect((await mail.app.client().signIn('ada.lovelace')).status).toBe(200);
    const [row, ...more] = await changes(ada);
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      actorId: ada.id,
      outcome: 'success',
      address: '127.0.0.1',
      details: { column: 'handle' },
    });
    expect(row?.sessionId).toBeTruthy();
    expect(JSON.stringify(row)).not.toContain('lovelace');
    expect(await told(ada)).toBe(1);
    expect((await mail.mailbox.next(ada.email, 'identifier-changed')).text).not.toContain('lovelace');
  });

  it('stays when the session is not fresh, or the address not proven; a form that leaves it alone is taken', async () => {
    const ada = await newPerson();
    await patch(ada, { handle: 'first.name' });
    mail.clock.advance(5 * MINUTE_MS + 1);
    const stale = await patch(ada, { handle: 'second.name', displayName: 'Ada' });
    expect(stale.body).toMatchObject({ statusCode: 403, code: 'REAUTHENTICATION_REQUIRED' });
    expect(stale.body.details.methods).toContain('password');
    expect((await patch(ada, { handle: null })).body.code).toBe('REAUTHENTICATION_REQUIRED');
    expect((await patch(ada, { handle: 'first.name', displayName: 'Ada' })).body).toMatchObject({ displayName: 'Ada' });
    expect((await patch(ada, { handle: 'first.name' })).status).toBe(200);
    expect((await ada.client.get('/auth/me')).body.handle).toBe('first.name');
    expect(await changes(ada)).toHaveLength(1);
    expect(await told(ada)).toBe(1);

    const eve = await newPerson({ emailVerified: false });
    expect((await patch(eve, { handle: 'eve.moneypenny' })).body).toMatchObject({
      statusCode: 403,
      code: 'EMAIL_NOT_VERIFIED',
    });
    expect((await patch(eve, { displayName: 'Eve', handle: null })).body).toMatchObject({ displayName: 'Eve' });
    expect(await changes(eve)).toEqual([]);
    await mail.app.get(Accounts).markEmailVerified(eve.id);
    expect((await patch(eve, { handle: 'eve.moneypenny' })).status).toBe(200);
  });

  it('is no event when it is taken, and one event of thirty that set it at once', async () => {
    const [ada, eve] = [await newPerson(), await newPerson()];
    await patch(ada, { handle: `taken${people}` });
    expect((await patch(eve, { handle: `taken${people}` })).body.code).toBe('ALREADY_EXISTS');
    expect(await changes(eve)).toEqual([]);
    const answers = await Promise.all(Array.from({ length: 30 }, () => patch(eve, { handle: `free${people}` })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await changes(eve)).toHaveLength(1);
    expect(await told(eve)).toBe(1);
  });

  it('is guarded for tokens in the same way', async () => {
    const { id, email, client } = await newPerson();
    const grant = { grant_type: 'password', username: email, password: PASSWORD };
    const { access_token: token } = (await client.post('/auth/token', grant)).body;
    const call = (body: object): Promise<Answer> =>
      mail.app.client().call('PATCH', '/auth/me', { body, headers: { authorization: `Bearer ${token}` } });
    expect((await call({ handle: `token${people}` })).status).toBe(200);
    mail.clock.advance(5 * MINUTE_MS + 1);
    expect((await call({ handle: `other${people}` })).body.code).toBe('REAUTHENTICATION_REQUIRED');
    expect(await changes({ id, email, client })).toHaveLength(1);
  });
});

describe('an application that proves no addresses', () => {
  it('asks for none', async () => {
    const mail = await startMailApp({}, { ...auth, emailVerification: 'off' });
    const client = mail.app.client();
    await client.register('ada@example.com');
    await client.signIn('ada@example.com');
    expect((await client.call('PATCH', '/auth/me', { body: { handle: 'ada.lovelace' } })).status).toBe(200);
    await mail.close();
  });

  it('manages accounts with what people sign in by', async () => {
    const mail = await startMailApp();
    const rules = mail.app
      .get(RouteRules)
      .entries()
      .filter(({ own }) => own);
    const viaOf = (route: string): unknown =>
      rules.find((entry) => entry.route?.paths.some((path) => `${entry.route?.method} ${path}` === route))?.rule.via;
    for (const route of ['PATCH /me', 'DELETE /me', 'POST /email/change/request', 'POST /password/change']) {
      expect([route, viaOf(route)]).toEqual([route, ['session', 'bearer']]);
    }
    await mail.close();
  });
});
