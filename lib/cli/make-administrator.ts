import type { AdministratorOutcome } from '../index.js';
import { askPassword } from './ask-password.js';
import { Refusal } from './refusal.js';
import { withApplication } from './with-application.js';

export interface AdministratorFlags {
  readonly email: string;
  readonly prompt?: true;
  readonly another?: boolean;
  readonly promote?: boolean;
}

const LINK =
  'A link to set a password goes to the address. The application that runs sends it; so does `gatehouse jobs run`.';

const SAID: Readonly<Record<Exclude<AdministratorOutcome['outcome'], 'password'>, string>> = {
  created: 'The administrator was created.',
  promoted: 'The account has the role `admin` from its next request on. Its password stays as it is.',
  invited: `The administrator is there, and has no password yet. ${LINK}`,
  exists: 'There is an administrator already, and nobody was created. Add --another if there shall be one more.',
  'is-one': 'The address is that of an administrator. Nothing was changed.',
  taken:
    'The address belongs to somebody who is no administrator, and nobody was promoted. Add --promote if you mean it.',
  unproven: 'The address was registered by somebody who has not proven to own it, and nobody was promoted.',
  disabled: 'The account is disabled, and was not promoted.',
};

const DONE: readonly AdministratorOutcome['outcome'][] = ['created', 'promoted', 'invited'];

/** Creates an administrator in the application and says what came of it. Throws a `Refusal` when nothing did. */
export async function makeAdministrator(
  module: string,
  { email, prompt, another = false, promote = false }: AdministratorFlags,
  given: string | undefined,
): Promise<void> {
  // Asked first: nobody waits for an application to be loaded before a prompt.
  const password = prompt === true ? await askPassword() : given;
  await withApplication(module, async ({ app, gatehouse }) => {
    const request = { email, another, promote, ...(password ? { password } : {}) };
    const made = await app
      .get(gatehouse.Administrators, { strict: false })
      .make(request)
      .catch((error: unknown) => {
        throw error instanceof gatehouse.AuthError && error.code === 'VALIDATION_FAILED'
          ? new Refusal('This is not an e-mail address that an account may have.')
          : error;
      });
    if (made.outcome === 'password') throw new Refusal(['The password is refused:', ...made.problems].join('\n  - '));
    if (!DONE.includes(made.outcome)) throw new Refusal(SAID[made.outcome]);
    console.log(SAID[made.outcome]);
    if (made.outcome === 'created' && !password) console.log(LINK);
  });
}
