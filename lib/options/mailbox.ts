import { isEmailAddress } from '../common/email-address.js';

/** A sender or receiver, taken apart. */
export interface NamedAddress {
  /** Empty when there is none. */
  readonly name: string;
  readonly address: string;
}

// RFC 5322 §3.4, without comments, groups and quoted names: a display name of letters, and an address in angle brackets.
const NAMED = /^([^\p{C}<>"@,;:\\]{1,100}) <([^<>\s]+)>$/u;

/** What is wrong with a sender: an address, or a name and an address. */
export function mailboxProblem(value: unknown): string | undefined {
  const address = typeof value === 'string' ? namedAddress(value).address : '';
  return isEmailAddress(address) && address.trim() === address
    ? undefined
    : "must be an address, such as 'no-reply@example.com' or 'Example <no-reply@example.com>'.";
}

export function namedAddress(text: string): NamedAddress {
  const [, name = '', address = text] = NAMED.exec(text) ?? [];
  return { name, address };
}
