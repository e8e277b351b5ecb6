import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { Accounts, Auth, type AuthEvent } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import type { Letter } from '../../lib/mail/letter.js';
import { Outbox } from '../../lib/mail/outbox.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { PASSWORD, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';

/** Routes of a host that nobody in these tests may call, and one that anybody may who is signed in. */
@Controller()
export class GuardedRoutes {
  @Get('whoami')
  @Auth()
  who(): object {
    return {};
  }

  @Get('reports')
  @Auth({ roles: ['auditor'] })
  reports(): object {
    return {};
  }

  @Get('ledger')
  @Auth({ policy: () => false })
  ledger(): object {
    return {};
  }
}

/** Every line that an application logs. */
export class Lines {
  readonly all: string[] = [];
  readonly log = (...parts: unknown[]): void => void this.all.push(parts.map(String).join(' '));
  readonly warn = this.log;
  readonly error = this.log;

  with(text: string): string[] {
    return this.all.filter((line) => line.includes(text));
  }
}

export type Row = Omit<AuthEvent, 'at'> & { readonly at: number };

let people = 0;

/** A new account, and what it takes to sign in to it. */
export async function newPerson(app: TestApp): Promise<{ readonly id: string; readonly email: string }> {
  const email = `person-${(people += 1)}@example.com`;
  const user = await app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true });
  return { id: user!.id, email };
}

export function rowsOf(app: TestApp): Promise<AuditRow[]> {
  return app.dataSource.getRepository(AuditRow).find({ order: { at: 'ASC', id: 'ASC' } });
}

/** The letters that wait, opened, without those of the entries `known`. */
export async function lettersOf(app: TestApp, known: ReadonlySet<string> = new Set()): Promise<Letter[]> {
  const entries = await entriesOf(app);
  return entries.filter(({ id }) => !known.has(id)).map((entry) => app.get(Outbox).open(entry)!);
}

function entriesOf(app: TestApp): Promise<OutboxEntry[]> {
  return app.dataSource.getRepository(OutboxEntry).find({ order: { createdAt: 'ASC' } });
}

export interface Trace {
  readonly rows: readonly AuditRow[];
  readonly letters: readonly Letter[];
}

/**
 * The events and letters that the work leaves behind, those written after the answer included: it is waited longer while there
 * are fewer events than `expected`.
 */
export async function traceOf(app: TestApp, work: () => Promise<unknown>, expected = 0): Promise<Trace> {
  const before = new Set((await rowsOf(app)).map(({ id }) => id));
  const letters = new Set((await entriesOf(app)).map(({ id }) => id));
  await work();
  return { rows: await settled(app, before, expected), letters: await lettersOf(app, letters) };
}

/** What is written after an answer is there soon: waits until nothing has been added for a while. */
async function settled(app: TestApp, before: ReadonlySet<string>, expected: number): Promise<readonly AuditRow[]> {
  for (let [known, turn] = [-1, 0]; ; turn += 1) {
    await delay(60);
    const rows = (await rowsOf(app)).filter(({ id }) => !before.has(id));
    if (rows.length === known && (known >= expected || turn > 30)) return rows;
    known = rows.length;
  }
}

export const typesOf = ({ rows }: Trace): string[] => rows.map(({ type }) => type).sort();

export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`);
  return answer;
}
