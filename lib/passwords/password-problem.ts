import type { FieldProblem } from '../errors/auth-error.js';
import type { AuthSettings } from '../options/auth-settings.js';

/** A rule that a password breaks; in development with the option below `passwords` that it comes from. */
export function passwordProblem(
  { environment }: Pick<AuthSettings, 'environment'>,
  rule: string,
  message: string,
  option = rule,
): FieldProblem {
  const hint = environment === 'development' ? ` (option passwords.${option})` : '';
  return { field: 'password', rule, message: message + hint };
}
