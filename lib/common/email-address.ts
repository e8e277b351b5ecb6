const MAX_LENGTH = 254;
// Asked of the text as it was typed: composing and lower-casing turn the Kelvin sign into a k.
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;
// RFC 5321 dot-atom local part and a host name with at least one dot or `localhost`. ASCII only: look-alike letters and
// the full-width at sign never become a second account of the same reader.
const ADDRESS =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The canonical form of an identifier: trimmed, NFC, lower case. No dot or plus rules: they differ between providers and
 * would merge accounts of different people.
 */
export function canonicalIdentifier(text: string): string {
  return text.trim().normalize('NFC').toLowerCase();
}

/** Whether a text is an e-mail address that mail can be sent to (at most 254 characters, ASCII, RFC 5321 dot-atom). */
export function isEmailAddress(text: string): boolean {
  if (text.length > 4 * MAX_LENGTH || !PRINTABLE_ASCII.test(text.trim())) return false;
  const canonical = canonicalIdentifier(text);
  return canonical.length <= MAX_LENGTH && canonical.indexOf('@') <= 64 && ADDRESS.test(canonical);
}
