import { isEmailAddress } from '../common/email-address.js';

// RFC 5322 §3.4, without comments, groups and quoted names: a display name of letters, and an address in angle brackets.
const NAMED = /^([^\p{C}<>"@,;:\\]{1,100}) <([^<>\s]+)>$/u;

/** What is wrong with a sender: an address, or a name and an address. */
export function mailboxProblem(value: unknown): string | undefined {
  const address = typeof value === 'string' ? (NAMED.exec(value)?.[2] ?? value) : '';
  return isEmailAddress(address) && address.trim() === address
    ? undefined
    : "must be an address, such as 'no-reply@example.com' or 'Example <no-reply@example.com>'.";
}
