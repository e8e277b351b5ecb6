import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sessions } from '../../lib/index.js';
import { STACKS } from '../support/app.js';
import { ACCOUNTS } from './account-occasions.js';
import { ACTING } from './acting-occasions.js';
import { API_KEYS } from './api-key-occasions.js';
import { FACTORS } from './factor-occasions.js';
import { lettersOf, newPerson, rowsOf, traceOf, typesOf } from './kit.js';
import { IDENTITIES } from './identity-occasions.js';
import { PASSKEYS } from './passkey-occasions.js';
import { SESSIONS } from './session-occasions.js';
import { SIGN_IN } from './sign-in-occasions.js';
import { Trail, WRONG } from './trail.js';

describe.each([
  { adapter: 'express' as const, ...STACKS[0]! },
  { adapter: 'fastify' as const, ...STACKS[1]! },
])('the trail on $adapter, $database and $store', (stack) => {
  let trail: Trail;

  beforeAll(async () => {
    trail = await Trail.start(stack);
  });
  afterAll(() => trail.close());
  beforeEach(() => {
    trail.hooks.veto = () => undefined;
    trail.hooks.refusesRegistrations = false;
  });

  it.each([...SIGN_IN, ...SESSIONS, ...ACCOUNTS, ...FACTORS, ...PASSKEYS, ...IDENTITIES, ...API_KEYS, ...ACTING])(
    'tells of $what',
    async (occasion) => {
      const { events, letters = [], about, signedIn = false, given, run } = occasion;
      const person = await newPerson(trail.app);
      // Each with counters of its own: nobody pays for the failures of the one before.
      trail.clock.advance(3_600_000);
      const browser = signedIn ? await trail.signIn(person) : trail.app.client();
      await given?.(trail, { ...person, browser });
      const trace = await traceOf(trail.app, () => run(trail, { ...person, browser }), events.length);
      expect(typesOf(trace)).toEqual([...events].sort());
      expect(trace.letters.map(({ kind }) => kind)).toEqual(letters);
      for (const row of trace.rows) {
        expect(row.outcome).toBe(/failed|locked|stopped|refused|reused|cloned$/.test(row.type) ? 'failure' : 'success');
        expect(row.at).toBe(trail.clock.now());
        expect(row.address, row.type).not.toBeNull();
        if (about === 'nobody' || row.identifier !== null) expect(row.subjectId).toBeNull();
        else if (about === 'another') expect(row.subjectId).not.toBe(person.id);
        else expect(row.subjectId).toBe(person.id);
      }
      // One line of the log for each, and no more.
      for (const row of trace.rows.filter(({ sessionId }) => sessionId !== null))
        expect(
          trail.lines.with(`${row.type} ${row.outcome}`).filter((line) => line.includes(row.sessionId!)).length,
        ).toBe(trace.rows.filter(({ type, sessionId }) => type === row.type && sessionId === row.sessionId).length);
    },
  );

  it('says who, where and how', async () => {
    const person = await newPerson(trail.app);
    const browser = await trail.signIn(person);
    const first = (await rowsOf(trail.app)).find(
      ({ subjectId, sessionId }) => subjectId === person.id && sessionId !== null,
    )!;
    const [current] = (await browser.get('/auth/sessions')).body.items;
    expect(first).toMatchObject({
      type: 'sign_in.succeeded',
      actorId: person.id,
      sessionId: current.id,
      address: '127.0.0.1',
      details: { method: 'pwd', knownBrowser: false, delivery: 'cookie' },
    });
    const { rows, letters } = await traceOf(trail.app, () =>
      trail.signIn(person, trail.app.client(), { deliver: 'tokens' }),
    );
    expect(rows[0]!.details).toEqual({ method: 'pwd', knownBrowser: false, delivery: 'tokens' });
    expect(letters[0]).toMatchObject({ userId: person.id, data: { address: '127.0.0.1' } });
    const trace = await traceOf(trail.app, () => browser.delete('/auth/sessions'));
    expect(trace.rows[0]).toMatchObject({ actorId: person.id, sessionId: current.id, details: { revoked: 1 } });
  });

  it('tells of what the application does itself, without a client', async () => {
    const person = await newPerson(trail.app);
    await trail.signIn(person);
    const { rows } = await traceOf(trail.app, () => trail.app.get(Sessions).revokeAll(person.id));
    expect(rows).toMatchObject([{ type: 'session.all_revoked', actorId: null, address: null, subjectId: person.id }]);
  });

  it('asks nobody for more than the password: an unproven address is told from a wrong password by nothing', async () => {
    const person = await newPerson(trail.app);
    await trail.app.dataSource.query(`UPDATE users SET email_verified_at = NULL WHERE id = '${person.id}'`);
    const seen: string[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      const { status, text } = await trail.app.client().signIn(person.email);
      seen.push(`${status} ${text.replace(/\d+/g, '')}`);
    }
    trail.clock.advance(3_600_000);
    const other = await newPerson(trail.app);
    for (let tries = 0; tries < 7; tries += 1) {
      const { status, text } = await trail.app.client().signIn(other.email, WRONG);
      expect(`${status} ${text.replace(/\d+/g, '')}`).toBe(seen[tries]);
    }
  });

  it('holds no secret and no address of a mailbox, and neither does the log', async () => {
    const rows = JSON.stringify(await rowsOf(trail.app));
    const log = trail.lines.all.join('\n');
    expect(rows.length).toBeGreaterThan(5_000);
    expect(trail.lines.with('sign_in.failed failure').length).toBeGreaterThan(30);
    expect(trail.secrets.size).toBeGreaterThan(60);
    for (const secret of trail.secrets) {
      expect(rows).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
    for (const text of [rows, log]) expect(text).not.toMatch(/@example\.com/i);
    const letters = JSON.stringify(await lettersOf(trail.app));
    for (const secret of trail.secrets) expect(letters).not.toContain(secret);
  });

  it('lets no client write a line of the log', async () => {
    await traceOf(trail.app, () =>
      trail.app
        .client()
        .post(
          '/auth/login',
          { email: 'x" sign_in.succeeded success actor=admin', password: WRONG },
          { headers: { 'user-agent': 'sign_in.succeeded success actor=admin' } },
        ),
    );
    expect(trail.lines.with('actor=admin')).toEqual([]);
    const person = await newPerson(trail.app);
    await trail.signIn(person);
    const client = { address: 'x\r\nactor=admin\u2028y', userAgent: `\0${'z'.repeat(999)}` };
    const { rows } = await traceOf(trail.app, () => trail.app.get(Sessions).revokeAll(person.id, { client }));
    expect(rows[0]).toMatchObject({ address: 'xactor=admin\u2028y', userAgent: 'z'.repeat(256) });
    expect(trail.lines.with('actor=admin')).toEqual([expect.stringContaining('address="xactor=admin?y"')]);
    for (const line of trail.lines.all) expect(line).not.toMatch(/[\r\n].*(?:sign_in|session)\./);
  });
});
