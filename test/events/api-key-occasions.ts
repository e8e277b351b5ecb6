import { ApiKeys } from '../../lib/index.js';
import { expectStatus } from './kit.js';
import type { Known, Occasion, Trail } from './trail.js';

const keys = new Map<string, { readonly key: string; readonly id: string }>();

async function make(trail: Trail, { id, browser }: Known): Promise<void> {
  const { body } = expectStatus(await browser.post('/auth/api-keys', { name: 'Robot' }), 201);
  // The id is in the trail.
  trail.keep(body.key, body.key.slice(body.key.lastIndexOf('_') + 1));
  keys.set(id, body);
}

const use = (trail: Trail, { id }: Known) =>
  trail.app.client().get('/whoami', { headers: { 'x-api-key': keys.get(id)!.key } });

export const API_KEYS: readonly Occasion[] = [
  {
    what: 'an API key that is made and used',
    events: ['api_key.created'],
    letters: ['second-factor-changed'],
    signedIn: true,
    run: async (trail, person) => {
      await make(trail, person);
      expectStatus(await use(trail, person), 200);
    },
  },
  {
    what: 'an API key that is paused',
    events: ['api_key.updated'],
    signedIn: true,
    given: make,
    run: async (_trail, { id, browser }) =>
      expectStatus(await browser.call('PATCH', `/auth/api-keys/${keys.get(id)!.id}`, { body: { paused: true } }), 200),
  },
  {
    what: 'an API key that is revoked, twice',
    events: ['api_key.revoked'],
    signedIn: true,
    given: make,
    run: async (_trail, { id, browser }) => {
      expectStatus(await browser.delete(`/auth/api-keys/${keys.get(id)!.id}`), 204);
      expectStatus(await browser.delete(`/auth/api-keys/${keys.get(id)!.id}`), 404);
    },
  },
  {
    what: 'an API key that is over, used three times',
    events: ['api_key.refused'],
    signedIn: true,
    given: async (trail, person) => {
      await make(trail, person);
      await trail.app.get(ApiKeys).revokeAll(person.id);
    },
    run: async (trail, person) => {
      for (let turn = 0; turn < 3; turn += 1) expectStatus(await use(trail, person), 401);
    },
  },
];
