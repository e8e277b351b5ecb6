import { Accounts } from '../../lib/index.js';
import { RouteRules } from '../../lib/access/route-rules.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { PASSWORD, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

export interface Person {
  readonly id: string;
  readonly email: string;
}

let people = 0;

/** A new account, with these roles. */
export async function newPerson(app: TestApp, roles: readonly string[] = []): Promise<Person> {
  const email = `person-${(people += 1)}@example.com`;
  const user = await app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true, roles });
  return { id: user!.id, email };
}

export async function signedIn(app: TestApp, { email }: Person): Promise<Client> {
  const client = app.client();
  expectStatus(await client.signIn(email), 200);
  return client;
}

/** A browser of a new administrator. */
export async function newAdministrator(app: TestApp): Promise<{ readonly who: Person; readonly browser: Client }> {
  const who = await newPerson(app, ['admin']);
  return { who, browser: await signedIn(app, who) };
}

/** The same browser, at another instance. */
export function at(app: TestApp, browser: Client): Client {
  const elsewhere = app.client();
  for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
  elsewhere.csrfToken = browser.csrfToken;
  return elsewhere;
}

export function expectStatus(answer: Answer, status: number, code?: string): Answer {
  if (answer.status === status && (code === undefined || answer.body?.code === code)) return answer;
  throw new Error(`${answer.status} instead of ${status} ${code ?? ''}: ${answer.text}`);
}

/** Rows of the trail that concern somebody, oldest first. */
export function rowsAbout(app: TestApp, subjectId: string): Promise<AuditRow[]> {
  return app.dataSource.getRepository(AuditRow).find({ where: { subjectId }, order: { at: 'ASC', id: 'ASC' } });
}

/** Every route of administration, as `VERB /auth/admin/...`. */
export function adminRoutes(app: TestApp): readonly string[] {
  const http = app
    .get(RouteRules)
    .entries()
    .filter(({ own, kind }) => own && kind === 'http');
  return http
    .flatMap(({ route }) => (route?.paths ?? []).map((path) => `${route?.method} /auth${path}`))
    .filter((route) => route.includes(' /auth/admin'))
    .sort();
}
