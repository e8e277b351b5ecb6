import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { MARIADB_STACK, STACKS } from '../support/app.js';
import { QueryLog } from '../support/query-log.js';
import { bytesOf, NEW_PASSWORD, RecoveryLab } from './kit.js';

const HOUR_MS = 3_600_000;

describe.each([...STACKS, MARIADB_STACK])('asking for a reset on $database and $store', (stack) => {
  const log = new QueryLog();
  let lab: RecoveryLab;
  beforeAll(async () => {
    const typeorm = { logger: log, logging: ['query' as const] };
    lab = await RecoveryLab.start({ ...stack, typeorm, auth: { emailVerification: 'required' } });
  });
  afterAll(() => lab.close());

  it('is answered with the same bytes and the same statements, whoever has the address', async () => {
    const known = await lab.newPerson();
    const disabled = await lab.newPerson();
    await lab.app.get(Accounts).disable(disabled.userId);
    const passwordless = await lab.newPerson({ password: null });
    const unverified = await lab.newPerson({ verified: false });
    const nobody = 'nobody.of.that.name@example.com';
    const others = [disabled, passwordless, unverified].map(({ email }) => email);
    const facts: object[] = [];
    for (const email of [nobody, known.email, known.email.toUpperCase(), ...others]) {
      log.statements = [];
      const answer = await lab.forgot(email);
      facts.push({ ...bytesOf(answer), statements: log.statements.map((text) => text.replace(/'[^']*'/g, '?')) });
    }
    expect(facts).toEqual(facts.map(() => facts[0]));
    expect(facts[0]).toMatchObject({ status: 202, text: '{"status":"accepted"}' });
    for (const email of [known, passwordless, unverified].map((owner) => owner.email)) {
      expect((await lab.mail(email, 'reset-password')).token).toBeDefined();
    }
    await lab.deliver();
    for (const email of [nobody, disabled.email]) expect(lab.mailbox.all(email)).toEqual([]);
    // One row for each, without the address and without an account.
    const rows = await lab.audited(null, 'password.reset_requested');
    expect(rows).toHaveLength(facts.length);
    expect(JSON.stringify(rows)).not.toContain('example.com');
    // However an address is typed, it is one identifier.
    expect(new Set(rows.map(({ identifier }) => identifier)).size).toBe(facts.length - 1);
  });

  it('refuses only what is no address, and other sites', async () => {
    for (const body of [{}, { email: 'x' }, { email: 'a@b' }, { email: 1 }, { email: 'a@example.com', more: 1 }, []]) {
      const answer = await lab.app.client().post('/auth/password/forgot', body);
      expect([answer.status, answer.body.code], JSON.stringify(body)).toEqual([400, 'VALIDATION_FAILED']);
    }
    const email = 'somebody@example.com';
    for (const path of ['/auth/password/forgot', '/auth/password/reset', '/auth/unlock']) {
      const headers = { origin: 'https://evil.example' };
      const body = { '/auth/password/forgot': { email } }[path] ?? { token: 'x', password: NEW_PASSWORD };
      const sent = path === '/auth/unlock' ? { token: 'x' } : body;
      expect((await lab.app.client().post(path, sent, { headers })).body.code, path).toBe('CSRF_FAILED');
    }
  });

  it('leaves no token in any table, and none in the audit trail', async () => {
    const owner = await lab.newPerson();
    const token = await lab.resetToken(owner);
    const tables = lab.app.dataSource.entityMetadatas.map(({ tablePath }) => tablePath);
    const dump = JSON.stringify(
      await Promise.all(tables.map((table) => lab.app.dataSource.query(`SELECT * FROM ${table}`))),
    );
    expect(dump).toContain(token.split('.')[0]);
    expect(dump).not.toContain(token.split('.')[1]);
  });
});

describe('how much mail an account gets', () => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start({ auth: { rateLimits: { multiplier: 1 }, trustedProxyHops: 1 } });
  });
  afterAll(() => lab.close());

  let asked = 0;

  /** Each time from another address, so that it is the limit of the account that counts. */
  function ask(email: string, client = lab.app.client()) {
    asked += 1;
    const headers = { 'x-forwarded-for': `10.0.${asked >> 8}.${asked & 255}` };
    return client.post('/auth/password/forgot', { email }, { headers });
  }

  async function mailsTo(email: string): Promise<number> {
    await lab.deliver();
    return lab.mailbox.all(email).filter(({ kind }) => kind === 'reset-password').length;
  }

  it('five an hour for strangers, silently, and five more for browsers that it knows', async () => {
    const owner = await lab.newPerson();
    const known = await lab.signedIn(owner);
    const answers: object[] = [];
    for (let times = 0; times < 7; times += 1) answers.push(bytesOf(await ask(owner.email)));
    expect(answers).toEqual(answers.map(() => answers[0]));
    expect(await mailsTo(owner.email)).toBe(5);
    for (let times = 0; times < 7; times += 1) expect((await ask(owner.email, known)).status).toBe(202);
    expect(await mailsTo(owner.email)).toBe(10);
    const others = await lab.newPerson();
    expect((await ask(others.email, known)).status).toBe(202);
    expect(await mailsTo(others.email)).toBe(1);
    lab.clock.advance(HOUR_MS);
    await ask(owner.email);
    expect(await mailsTo(owner.email)).toBe(11);
  });

  it('the newest link alone works', async () => {
    const owner = await lab.newPerson();
    await ask(owner.email);
    const first = (await lab.mail(owner.email, 'reset-password')).token!;
    await ask(owner.email);
    const second = (await lab.mail(owner.email, 'reset-password')).token!;
    expect([(await lab.reset(first)).status, (await lab.reset(second)).status]).toEqual([400, 204]);
  });

  it('an address may ask twenty times an hour, and sixty links a minute are looked at', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.77' };
    const statuses: number[] = [];
    for (let times = 0; times < 21; times += 1) {
      const body = { email: `somebody${times}@example.com` };
      statuses.push((await lab.app.client().post('/auth/password/forgot', body, { headers })).status);
    }
    expect([statuses.slice(0, 20).every((status) => status === 202), statuses[20]]).toEqual([true, 429]);
    const tries: number[] = [];
    for (let times = 0; times < 61; times += 1) {
      const path = times % 2 === 0 ? '/auth/unlock' : '/auth/password/reset';
      const body = times % 2 === 0 ? { token: 'x' } : { token: 'x', password: NEW_PASSWORD };
      tries.push((await lab.app.client().post(path, body, { headers })).status);
    }
    expect([tries.slice(0, 60).every((status) => status === 400), tries[60]]).toEqual([true, 429]);
  });
});
