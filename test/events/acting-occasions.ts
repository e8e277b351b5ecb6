import { Accounts } from '../../lib/index.js';
import type { Client } from '../support/client.js';
import { expectStatus, newPerson } from './kit.js';
import type { Known, Occasion, Trail } from './trail.js';

const REASON = 'Ticket 4711';
const NETWORK = '198.51.100.0/24';

const administrators = new Map<string, Client>();

/** The browser of an administrator, by the person that the occasion is about. */
async function administrator(trail: Trail, { id }: Known): Promise<void> {
  const person = await newPerson(trail.app);
  await trail.app.get(Accounts).assignRole(person.id, 'admin');
  administrators.set(id, await trail.signIn(person));
}

function browserOf({ id }: Known): Client {
  return administrators.get(id)!;
}

async function impersonate(trail: Trail, person: Known, status = 200): Promise<void> {
  const browser = browserOf(person);
  const answer = await browser.post(`/auth/admin/users/${person.id}/impersonate`, { reason: REASON });
  trail.keep(...browser.cookies.values(), expectStatus(answer, status).body.csrfToken);
}

async function acting(trail: Trail, person: Known): Promise<void> {
  await administrator(trail, person);
  await impersonate(trail, person);
}

export const ACTING: readonly Occasion[] = [
  {
    what: 'an administrator who begins to act as a user',
    events: ['impersonation.started'],
    given: administrator,
    run: (trail, person) => impersonate(trail, person),
  },
  {
    what: 'one who may not, since the account is disabled',
    events: ['impersonation.refused'],
    given: async (trail, person) => {
      await administrator(trail, person);
      await trail.app.get(Accounts).disable(person.id);
    },
    run: (trail, person) => impersonate(trail, person, 403),
  },
  {
    what: 'one who goes where he may not, and then stops, twice',
    events: ['access.refused', 'impersonation.ended'],
    given: acting,
    run: async (_trail, person) => {
      const browser = browserOf(person);
      expectStatus(await browser.delete('/auth/me'), 403);
      expectStatus(await browser.delete('/auth/impersonation'), 200);
      expectStatus(await browser.delete('/auth/impersonation'), 404);
    },
  },
  {
    what: 'an administrator who has old events deleted',
    events: ['audit.retention_run'],
    about: 'nobody',
    given: administrator,
    run: async (_trail, person) => {
      expectStatus(await browserOf(person).post('/auth/admin/audit/retention', {}), 200);
    },
  },
  {
    what: 'a rule for addresses that is added and removed, twice',
    events: ['ip_rule.added', 'ip_rule.removed'],
    about: 'nobody',
    given: administrator,
    run: async (_trail, person) => {
      const browser = browserOf(person);
      const rule = { network: NETWORK, action: 'block' };
      const { body } = expectStatus(await browser.post('/auth/admin/ip-rules', rule), 201);
      expectStatus(await browser.post('/auth/admin/ip-rules', rule), 409);
      expectStatus(await browser.delete(`/auth/admin/ip-rules/${body.id}`), 204);
      expectStatus(await browser.delete(`/auth/admin/ip-rules/${body.id}`), 404);
    },
  },
];
