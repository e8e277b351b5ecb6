import { identitiesOf, link, through } from '../oauth/kit.js';
import { expectStatus } from './kit.js';
import type { Known, Occasion, Trail } from './trail.js';

const sub = ({ id }: Known): string => `subject of ${id}`;

async function linked(trail: Trail, person: Known): Promise<void> {
  const landing = await link({ ...person, client: person.browser }, trail.provider, { sub: sub(person) });
  if (landing.error !== null) throw new Error(`The provider was not linked: ${landing.error}`);
}

const LETTER = 'second-factor-changed';

export const IDENTITIES: readonly Occasion[] = [
  {
    what: 'an account that is linked with one of a provider',
    events: ['identity.linked'],
    letters: [LETTER],
    signedIn: true,
    run: linked,
  },
  {
    what: 'a sign-in through the provider, in a browser that is new',
    events: ['sign_in.succeeded'],
    letters: ['new-device'],
    signedIn: true,
    given: linked,
    run: async (trail, person) => through(trail.app.client(), trail.provider, { sub: sub(person) }),
  },
  {
    what: 'a sign-in that the provider has not vouched for',
    events: ['oauth.failed'],
    about: 'nobody',
    run: async (trail, person) => through(trail.app.client(), trail.provider, { sub: sub(person), signed: 'none' }),
  },
  {
    what: 'an account that is unlinked',
    events: ['identity.unlinked'],
    letters: [LETTER],
    signedIn: true,
    given: linked,
    run: async (_trail, { browser }) => {
      const [identity] = await identitiesOf(browser);
      expectStatus(await browser.delete(`/auth/identities/${identity!.id}`), 200);
    },
  },
];
