import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { DATABASES, PASSWORD } from '../support/app.js';
import { Gate, newPerson, signedIn, stagedStore, startStaged, until } from './kit.js';
import {
  accountsOf,
  CHANGES,
  newSession,
  oneInstance,
  refused,
  seenAfterWipe,
  seenBesideSlowReader,
  seenByOneBornMeanwhile,
  twoInstances,
  who,
  type Lab,
} from './lab.js';

const ALWAYS = [true, true];

describe.each([
  { where: 'on two instances over PostgreSQL and Redis', start: () => twoInstances() },
  {
    where: 'on two instances over MariaDB and Redis',
    start: () => twoInstances(undefined, undefined, 'mariadb'),
  },
  { where: 'on one instance over SQLite and memory', start: oneInstance },
])('the very next request, $where', ({ start }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await start();
  });
  afterAll(() => lab.close());

  it.each(CHANGES)('sees $what', async ({ roles = [], make, seen }) => {
    const person = await newPerson(lab.writer, roles);
    const session = await newSession(lab, person);
    for (let times = 0; times < 3; times += 1) expect(seen(await who(session.browser))).toBe(false);
    await make(lab, person, session);
    expect(seen(await who(session.browser))).toBe(true);
    expect(seen(await who(session.browser))).toBe(true);
  });

  it.each(CHANGES)('sees $what, while a slow reader holds the old row', async (change) => {
    expect(await seenBesideSlowReader(lab, change)).toEqual([...ALWAYS, ...ALWAYS]);
  });

  // Ending certain sessions is no change of one that is not there yet.
  const OF_ALL = CHANGES.filter(({ what }) => !['a revoked session', 'a sign-out'].includes(what));
  it.each(OF_ALL)('sees $what, of a session born during the change', async (change) => {
    expect(await seenByOneBornMeanwhile(lab, change)).toEqual(ALWAYS);
  });

  it.each(CHANGES)('sees $what, when the store is emptied during the change', async (change) => {
    expect(await seenAfterWipe(lab, change)).toEqual(ALWAYS);
  });

  it('sees a change whose version cannot be deleted: sessions are read from the database meanwhile', async () => {
    const person = await newPerson(lab.writer);
    const { browser } = await newSession(lab, person);
    await who(browser);
    stagedStore(lab.writer).refused.add('forget');
    await lab.writer.get(Accounts).assignRole(person.userId, 'admin');
    const fills = stagedStore(lab.reader).fills.length;
    expect((await who(browser)).body.roles).toEqual(['admin']);
    expect((await who(browser)).body.roles).toEqual(['admin']);
    expect(stagedStore(lab.reader).fills).toHaveLength(fills);
    stagedStore(lab.writer).refused.clear();
    await until(async () => {
      expect((await who(browser)).body.roles).toEqual(['admin']);
      return stagedStore(lab.reader).fills.length > fills;
    }, 'the version is deleted in the background');
  });

  it('finds nothing changed by what could not be announced, and everything that takes power away', async () => {
    const person = await newPerson(lab.writer);
    const { browser } = await newSession(lab, person);
    await who(browser);
    const { refused: refusing } = stagedStore(lab.writer);
    refusing.add('mark').add('forget');
    const unavailable = { code: 'STORE_UNAVAILABLE' };
    await expect(accountsOf(lab).assignRole(person.userId, 'admin')).rejects.toMatchObject(unavailable);
    await expect(accountsOf(lab).setPassword(person.userId, `${PASSWORD} anew`)).rejects.toMatchObject(unavailable);
    expect((await who(browser)).body.roles).toEqual([]);
    expect((await lab.reader.get(Accounts).find(person.userId))?.roles).toEqual([]);
    await signedIn(lab.reader, person);

    await expect(accountsOf(lab).disable(person.userId)).rejects.toMatchObject(unavailable);
    expect((await lab.reader.client().signIn(person.email)).status).toBe(401);
    refusing.clear();
    await until(async () => refused(await who(browser)), 'the disabled user is refused');
  });
});

describe('a change that is slow to commit', () => {
  it('is announced until it has committed', async () => {
    const lab = await twoInstances();
    const person = await newPerson(lab.writer);
    const { browser } = await newSession(lab, person);
    await who(browser);
    const gate = new Gate();
    const changing = lab.writer.get(Accounts).changed(person.userId, async (manager) => {
      await manager.query(`INSERT INTO auth_user_roles (user_id, role, assigned_at) VALUES ($1, 'admin', 0)`, [
        person.userId,
      ]);
      await gate.pass();
    });
    await gate.reached;
    for (let times = 0; times < 2; times += 1) expect((await who(browser)).body.roles).toEqual([]);
    gate.open();
    await changing;
    for (let times = 0; times < 2; times += 1) expect((await who(browser)).body.roles).toEqual(['admin']);
    await lab.close();
  });
});

describe('a change that takes too long', () => {
  it.each(DATABASES)('is rolled back 20 s after it was announced (%s)', async (database) => {
    const clock = new TestClock();
    const app = await startStaged({ database, clock });
    const person = await newPerson(app);
    const browser = await signedIn(app, person);
    const held = stagedStore(app).hold('mark');
    const changing = app.get(Accounts).assignRole(person.userId, 'admin');
    await held.reached;
    clock.advance(20_001);
    held.open();
    await expect(changing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await who(browser)).body.roles).toEqual([]);
    await app.close();
  });
});
