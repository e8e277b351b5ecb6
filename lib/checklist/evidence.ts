import type { EvidenceText } from './check.js';

const MAX_LENGTH = 253;
const OPTION_PATH = /^[a-z][A-Za-z]{0,40}(?:\.[a-z][A-Za-z-]{0,40}){0,3}$/;
const IDENTIFIER = /^[A-Za-z_$][\w$.]{0,127}$/;
const BARE_HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * The name of an option, such as `cookies.domain`. Takes literals alone, which the compiler knows: a value that is only
 * known at run time does not compile.
 */
export function optionEvidence<P extends string>(optionPath: string extends P ? never : P): EvidenceText {
  return safe(OPTION_PATH.test(optionPath) ? optionPath : 'unnamed');
}

/** The host, with its port, of a URL or `host:port` text. User, password, path and query are left out. */
export function hostEvidence(address: string | URL): EvidenceText {
  return safe(hostOf(String(address)) ?? 'unknown');
}

/** One of a closed set of values, or `other`. */
export function enumEvidence(value: string, allowed: readonly string[]): EvidenceText {
  return safe(allowed.includes(value) ? value : 'other');
}

/** A name out of code: a class, a method, a table. Whatever is no identifier becomes `unnamed`. */
export function identifierEvidence(text: string): EvidenceText {
  return safe(IDENTIFIER.test(text) ? text : 'unnamed');
}

function hostOf(address: string): string | undefined {
  if (address.length > MAX_LENGTH * 8) return undefined;
  if (BARE_HOST.test(address)) return address.toLowerCase();
  if (!URL.canParse(address)) return undefined;
  const { host, pathname, search, hash } = new URL(address);
  // An unescaped `/`, `?` or `#` in a password ends the authority early: what looks like the host is then part of it.
  if ((pathname + search + hash).includes('@')) return undefined;
  return BARE_HOST.test(host) ? host.toLowerCase() : undefined;
}

function safe(text: string): EvidenceText {
  return text as EvidenceText;
}
