import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { expect } from 'vitest';
import { startHostileProvider, type HostileProvider } from '../../oauth/hostile-provider.js';
import { startScript, type Environment, type Running } from '../../production/processes.js';
import { SECRET } from '../../support/app.js';
import type { Answer } from '../../support/client.js';
import { MailServer, type Mail } from '../mail-server.js';
import { Person } from './person.js';

const CHILD = join(import.meta.dirname, 'child.mjs');
const PATIENCE_MS = 30_000;
/** For which a process claims a mail. */
const LEASE_MS = 60_000;
/** Well over what the worker takes to come back and find nothing. */
const REST_MS = 300;
/** A step that has not come by then does not come: what works in the background met in another order this time. */
const STEP_MS = 4_000;
/** A mail that has left may come once more when its process has died before it knew; never a third time. */
const MOST_COPIES = 2;

interface Death {
  readonly where: string;
  readonly answer: Answer | undefined;
}

/** An application whose process dies and is started again on the same database and store, as a supervisor does. */
export class MortalApp {
  url = '';
  provider!: HostileProvider;
  private running!: Running;
  private next!: Running;
  private mail!: MailServer;
  private environment!: Environment;
  private people = 0;
  private aliveSince = 0;
  private readonly database: DataSource;

  constructor(
    private readonly databaseUrl: string,
    private readonly redisUrl: string,
  ) {
    this.database = new DataSource({ type: 'postgres', url: databaseUrl });
  }

  async start(): Promise<void> {
    await this.database.initialize();
    this.mail = await MailServer.start();
    this.provider = await startHostileProvider();
    this.environment = {
      DATABASE_URL: this.databaseUrl,
      REDIS_URL: this.redisUrl,
      SMTP_URL: this.mail.url,
      ISSUER: this.provider.issuer('hostile'),
      CLIENT_ID: this.provider.clientId,
      CLIENT_SECRET: this.provider.clientSecret,
      AUTH_SECRET: SECRET,
    };
    this.next = this.load('yes');
    await this.revive();
  }

  async close(): Promise<void> {
    for (const process of [this.running, this.next]) {
      process.kill('SIGKILL');
      await process.ended;
    }
    await this.provider.close();
    await this.mail.close();
    await this.database.destroy();
  }

  /** Kills at a step of the request, or of what it leaves behind, and says where it was and what the client got to see. */
  async dieAt(step: string, request: (dieAt: string) => Promise<Answer>): Promise<Death> {
    if (step.startsWith('mail server ')) {
      const moment = step.slice('mail server '.length);
      this.mail.onMail = (now) => {
        if (now === moment) this.running.kill('SIGKILL');
      };
    }
    const answer = await request(step).catch(() => undefined);
    const where = (await this.isDead()) ? step : 'at rest';
    await this.dieNow();
    return { answer, where };
  }

  /** Kills so long after the requests have been sent, whatever is under way. `undefined` where no answer came. */
  async dieAfter(ms: number, requests: readonly (() => Promise<Answer>)[]): Promise<(Answer | undefined)[]> {
    const answers = requests.map((request) => request().catch(() => undefined));
    await delay(ms);
    this.running.kill('SIGKILL');
    const seen = await Promise.all(answers);
    await this.dieNow();
    return seen;
  }

  /** The steps of a request and of what it leaves behind. */
  async stepsOf(request: (dieAt: string) => Promise<Answer>, status: number): Promise<string[]> {
    const answer = await request('none');
    expect(answer.status, answer.text).toBe(status);
    const sends = (await this.waiting()) > 0;
    while ((await this.waiting()) > 0) await delay(20);
    await delay(REST_MS);
    const response = await fetch(`${this.url}/steps`);
    const steps = (await response.json()) as string[];
    return sends ? [...steps, 'mail server has a mail', 'mail server has accepted a mail'] : steps;
  }

  /** Dies whenever it has handed over a mail to an address, until no more comes. Answers how often. */
  async dieAtEveryMail(address: string, request: () => Promise<Answer>): Promise<number> {
    this.mail.onMail = (now) => {
      if (now === 'has accepted a mail') this.running.kill('SIGKILL');
    };
    await request();
    let deaths = 0;
    while (deaths <= MOST_COPIES && (await this.isDead(deaths === 0 ? STEP_MS : REST_MS))) {
      deaths += 1;
      await this.revive();
      await this.letClaimsLapse();
      await fetch(`${this.url}/work`).catch(() => undefined);
    }
    this.mail.onMail = () => undefined;
    expect((await this.letters(address)).length).toBeLessThanOrEqual(1);
    return deaths;
  }

  newAddress(): string {
    this.people += 1;
    return `person${this.people}@example.com`;
  }

  /** Somebody with a proven address. */
  async account(role?: string): Promise<Person> {
    const person = new Person(this, this.newAddress());
    const query = new URLSearchParams({ email: person.email, password: person.password, ...(role && { role }) });
    const response = await fetch(`${this.url}/people?${query.toString()}`);
    expect(response.status).toBe(200);
    await person.id();
    return person;
  }

  /** The same, signed in. */
  async member(role?: string): Promise<Person> {
    const person = await this.account(role);
    expect((await person.signIn()).status).toBe(200);
    return person;
  }

  /** Everything that is to be sent has been sent, also what a dead process had taken. */
  async settle(): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while ((await this.waiting()) > 0) {
      expect(Date.now(), 'the outbox is not done with').toBeLessThan(giveUpAt);
      // The claim of a dead process may be committed after its death.
      const theirs = this.aliveSince + LEASE_MS;
      await this.query('UPDATE auth_outbox SET claimed_until = 0 WHERE done_at IS NULL AND claimed_until < $1', [
        theirs,
      ]);
      await delay(20);
      await fetch(`${this.url}/work`);
    }
  }

  private waiting(): Promise<number> {
    return this.count('auth_outbox', 'done_at IS NULL');
  }

  /** A claim of a dead process lapses, and what waits for its turn has waited. */
  async letClaimsLapse(): Promise<void> {
    await this.query('UPDATE auth_outbox SET claimed_until = 0, due_at = 0 WHERE done_at IS NULL');
  }

  /** Letters to an address by their id, each of them not too often. */
  async letters(address: string): Promise<Mail[]> {
    const mails = await this.mail.to(address);
    const copies = new Map<string, Mail[]>();
    for (const mail of mails) copies.set(mail.id, [...(copies.get(mail.id) ?? []), mail]);
    for (const [id, same] of copies) expect(same.length, id).toBeLessThanOrEqual(MOST_COPIES);
    // The newest token wins.
    return [...copies.values()].map((same) => same.at(-1)!);
  }

  async count(table: string, where = '1 = 1', values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.query(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`, values);
    return row!['n'] as number;
  }

  query(sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.database.query(sql, [...values]);
  }

  private load(synchronize: 'yes' | 'no'): Running {
    return startScript(CHILD, { ...this.environment, SYNCHRONIZE: synchronize });
  }

  private async dieNow(): Promise<void> {
    this.running.kill('SIGKILL');
    expect(await this.running.ended, this.running.output()).toBeNull();
    this.mail.onMail = () => undefined;
    await this.revive();
  }

  /** The process that waits takes over, and another one is loaded to wait. */
  private async revive(): Promise<void> {
    this.running = this.next;
    this.next = this.load('no');
    await this.running.says(/LOADED/);
    this.aliveSince = Date.now();
    this.running.kill('SIGUSR2');
    [, this.url] = (await this.running.says(/READY (\S+)/)) as unknown as [string, string];
  }

  private async isDead(withinMs = STEP_MS): Promise<boolean> {
    const alive = delay(withinMs, 'alive' as const, { ref: false });
    const code = await Promise.race([this.running.ended, alive]);
    if (code !== 'alive') expect(code, this.running.output()).toBeNull();
    return code !== 'alive';
  }
}
