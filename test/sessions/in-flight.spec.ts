import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, AuthHooks, PasswordHasher, Sessions } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { PASSWORD, startApp, User, type AppSetup, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { Gate, newPerson, signedIn, until, WhoController, type Person } from './kit.js';

/** A hasher in which a test holds the next hash, and whose hashes may all be out of date. */
@Injectable()
class HeldHasher extends FastPasswordHasher {
  outdated = false;
  private readonly gates = new Map<'hash' | 'verify', Gate>();

  hold(step: 'hash' | 'verify'): Gate {
    const gate = new Gate();
    this.gates.set(step, gate);
    return gate;
  }

  override async hash(password: string): Promise<string> {
    await this.pass('hash');
    return super.hash(password);
  }

  override async verify(password: string, stored: string): Promise<boolean> {
    await this.pass('verify');
    return super.verify(password, stored);
  }

  override needsRehash(): boolean {
    return this.outdated;
  }

  private async pass(step: 'hash' | 'verify'): Promise<void> {
    const gate = this.gates.get(step);
    this.gates.delete(step);
    await gate?.pass();
  }
}

/** An application's own veto that takes its time. */
@Injectable()
class HeldHooks extends AuthHooks {
  gate: Gate | undefined;

  override async beforeSignIn(): Promise<void> {
    const { gate } = this;
    this.gate = undefined;
    await gate?.pass();
  }
}

function start(setup: AppSetup): Promise<TestApp> {
  return startApp({
    controllers: [WhoController],
    ...setup,
    override: (builder) =>
      builder.overrideProvider(PasswordHasher).useClass(HeldHasher).overrideProvider(AuthHooks).useClass(HeldHooks),
  });
}

const hasherOf = (app: TestApp): HeldHasher => app.get(PasswordHasher) as HeldHasher;
const NEW_PASSWORD = `${PASSWORD} anew`;

interface Lab {
  readonly here: TestApp;
  readonly there: TestApp;
}

const ENDINGS: readonly { what: string; make(app: TestApp, person: Person): Promise<unknown> }[] = [
  { what: 'a new password', make: (app, { userId }) => app.get(Accounts).setPassword(userId, NEW_PASSWORD) },
  { what: 'disabling', make: (app, { userId }) => app.get(Accounts).disable(userId) },
  { what: 'deletion', make: (app, { userId }) => app.get(Accounts).delete(userId) },
  { what: 'a sign-out everywhere', make: (app, { userId }) => app.get(Sessions).revokeAll(userId) },
  {
    what: 'disabling and enabling again',
    make: async (app, { userId }) => {
      await app.get(Accounts).disable(userId);
      await app.get(Accounts).enable(userId);
    },
  },
];

/** Where a sign-in spends its time: each is a point at which it may be overtaken. */
const POINTS: readonly { at: string; hold(app: TestApp): Gate }[] = [
  { at: 'its hash', hold: (app) => hasherOf(app).hold('verify') },
  { at: "the application's veto", hold: (app) => ((app.get(AuthHooks) as HeldHooks).gate = new Gate()) },
];

/** A user that the application inserted itself: it has no account row yet. */
async function newHostPerson(app: TestApp): Promise<Person> {
  const { userId, email } = await newPerson(app);
  await app.dataSource.query(`DELETE FROM auth_accounts WHERE user_id = '${userId}'`);
  return { userId, email };
}

const ACCOUNTS: readonly { whose: string; make(app: TestApp): Promise<Person> }[] = [
  { whose: 'an account of ours', make: newPerson },
  { whose: "a user of the application's own making", make: newHostPerson },
];

describe.each([
  { where: 'two instances over PostgreSQL and Redis', database: 'postgres', store: 'redis' },
  { where: 'two instances over MariaDB and Redis', database: 'mariadb', store: 'redis' },
  { where: 'one instance over SQLite and memory', database: 'sqlite', store: 'memory' },
] as const)('a sign-in in flight, on $where', ({ database, store }) => {
  let lab: Lab;
  beforeAll(async () => {
    const here = await start({ database, store });
    const there =
      database === 'sqlite' ? here : await start({ databaseUrl: here.databaseUrl!, redisUrl: here.redisUrl! });
    lab = { here, there };
  });
  afterAll(async () => {
    await Promise.all([...new Set([lab.here, lab.there])].map((app) => app.close()));
  });

  async function overtaken(
    { hold }: (typeof POINTS)[number],
    person: Person,
    change: () => Promise<unknown>,
  ): Promise<{ answer: Answer; browser: Client }> {
    const browser = lab.there.client();
    const gate = hold(lab.there);
    const signingIn = browser.signIn(person.email);
    // A sign-in that is refused on the way never comes to the gate: better its answer than a test that hangs.
    await Promise.race([gate.reached, signingIn]);
    await change();
    gate.open();
    return { answer: await signingIn, browser };
  }

  describe.each(POINTS)('held in $at', (point) => {
    describe.each(ACCOUNTS)('of $whose', ({ make: newUser }) => {
      it('succeeds when nothing has changed', async () => {
        const { answer, browser } = await overtaken(point, await newUser(lab.here), async () => undefined);
        expect(answer.status).toBe(200);
        expect((await browser.get('/whoami')).status).toBe(200);
      });

      it.each(ENDINGS)('does not outlive $what', async ({ make }) => {
        const person = await newUser(lab.here);
        const { answer, browser } = await overtaken(point, person, () => make(lab.here, person));
        expect(answer.status).toBe(401);
        expect(answer.body.code).toBe('INVALID_CREDENTIALS');
        expect(answer.setCookies).toEqual([]);
        expect((await browser.get('/whoami')).status).toBe(401);
        const rows = await lab.here.dataSource.query(`SELECT id FROM auth_sessions WHERE user_id = '${person.userId}'`);
        expect(rows).toEqual([]);
      });
    });
  });

  it('revives nothing by enabling the account again', async () => {
    const person = await newPerson(lab.here);
    const before = await signedIn(lab.there, person);
    const { browser } = await overtaken(POINTS[0]!, person, () => lab.here.get(Accounts).disable(person.userId));
    expect((await lab.there.client().signIn(person.email)).status).toBe(401);
    await lab.here.get(Accounts).enable(person.userId);
    for (const old of [before, browser]) expect((await old.get('/whoami')).status).toBe(401);
    expect((await lab.there.get(Sessions).list(person.userId)).items).toEqual([]);
    expect((await (await signedIn(lab.there, person)).get('/whoami')).status).toBe(200);
  });

  it('never writes the old password back when it is hashed anew', async () => {
    const person = await newPerson(lab.here);
    const hasher = hasherOf(lab.there);
    hasher.outdated = true;
    const gate = hasher.hold('hash');
    const { status } = await lab.there.client().signIn(person.email);
    expect(status).toBe(200);
    await gate.reached;
    await lab.here.get(Accounts).setPassword(person.userId, NEW_PASSWORD);
    const stored = await hashOf(person);
    hasher.outdated = false;
    gate.open();
    // The hash anew ends in a statement that nobody waits for: a sign-in behind it has seen the end of it.
    for (let times = 0; times < 3; times += 1) await lab.there.client().signIn(person.email, NEW_PASSWORD);
    expect(await hashOf(person)).toBe(stored);
    expect((await lab.there.client().signIn(person.email)).status).toBe(401);
    expect((await lab.there.client().signIn(person.email, NEW_PASSWORD)).status).toBe(200);
  });

  it('has its password hashed anew when nobody changed it', async () => {
    const person = await newPerson(lab.here);
    const repository = lab.here.dataSource.getRepository(User);
    const hasher = hasherOf(lab.there);
    const outdated = `$old$${PASSWORD}`;
    await repository.update({ id: person.userId }, { passwordHash: outdated });
    const verify = hasher.verify.bind(hasher);
    hasher.verify = async (password, stored) => stored === `$old$${password}` || verify(password, stored);
    hasher.outdated = true;
    expect((await lab.there.client().signIn(person.email)).status).toBe(200);
    await until(async () => (await hashOf(person)) !== outdated, 'the password is hashed anew');
    hasher.outdated = false;
    hasher.verify = verify;
    expect((await lab.there.client().signIn(person.email)).status).toBe(200);
  });

  it('ends its account once when two nodes disable it at the same time', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => newHostPerson(lab.here)));
    const both = people.flatMap(({ userId }) => [lab.here, lab.there].map((app) => app.get(Accounts).disable(userId)));
    expect((await Promise.allSettled(both)).filter(({ status }) => status === 'rejected')).toEqual([]);
    for (const { email } of people) expect((await lab.there.client().signIn(email)).status).toBe(401);
  });

  async function hashOf({ userId }: Person): Promise<string> {
    const [{ password_hash: hash }] = await lab.here.dataSource.query(
      `SELECT password_hash FROM users WHERE id = '${userId}'`,
    );
    return hash;
  }
});
