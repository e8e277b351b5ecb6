import { creationOptions, requestOptions } from '../passkeys/kit.js';
import { SoftKey } from '../passkeys/soft-key.js';
import { expectStatus } from './kit.js';
import type { Known, Occasion, Trail } from './trail.js';

const ORIGIN = 'http://127.0.0.1:3000';
const keys = new Map<string, { readonly key: SoftKey; readonly id: string }>();

async function add({ id, browser }: Known): Promise<void> {
  const key = new SoftKey(ORIGIN);
  const passkey = key.create(await creationOptions(browser));
  const { body } = expectStatus(await browser.post('/auth/passkeys/registration', { passkey }), 200);
  keys.set(id, { key, id: body.passkey.id });
}

const given = (_trail: Trail, person: Known): Promise<void> => add(person);

const LETTER = 'second-factor-changed';

export const PASSKEYS: readonly Occasion[] = [
  {
    what: 'a passkey that is added',
    events: ['passkey.added'],
    letters: [LETTER],
    signedIn: true,
    run: (_trail, person) => add(person),
  },
  {
    what: 'a passkey with another name',
    events: ['passkey.renamed'],
    signedIn: true,
    given,
    run: async (_trail, { id, browser }) =>
      expectStatus(await browser.call('PATCH', `/auth/passkeys/${keys.get(id)!.id}`, { body: { name: 'Key' } }), 200),
  },
  {
    what: 'a passkey that is removed',
    events: ['passkey.removed'],
    letters: [LETTER],
    signedIn: true,
    given,
    run: async (_trail, { id, browser }) =>
      expectStatus(await browser.delete(`/auth/passkeys/${keys.get(id)!.id}`), 200),
  },
  {
    what: 'a passkey whose counter has gone back',
    events: ['passkey.cloned', 'sign_in.failed'],
    letters: [LETTER],
    signedIn: true,
    given,
    run: async (trail, { id }) => {
      const browser = trail.app.client();
      const passkey = keys.get(id)!.key.get(await requestOptions(browser), { counter: 1 });
      expectStatus(await browser.post('/auth/passkeys/authentication', { passkey }), 401);
    },
  },
];
