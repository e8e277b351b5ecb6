import { askHidden } from '../ask-password.js';

/** What the environment may hold in place of a prompt. */
export const PASSWORD_VARIABLE = 'GATEHOUSE_PROBE_PASSWORD';

/** The password of the account that the operator named: from the environment, or a terminal; an empty line is none. */
export async function knownPassword(email: string): Promise<string | undefined> {
  const given = process.env[PASSWORD_VARIABLE];
  if (given !== undefined && given !== '') return given;
  if (!process.stdin.isTTY) return undefined;
  const typed = await askHidden(`Password of ${email} (empty: nobody signs in): `, 'Interrupted: nothing was sent.');
  return typed === '' ? undefined : typed;
}
