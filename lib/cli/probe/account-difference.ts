import type { ProbeAnswer } from './probe-answer.js';

/** They change from request to request, or follow from the body. */
const IGNORED = /^(?:date|age|etag|content-length|(?:x-)?ratelimit(?:-.*)?)$/;
const VARYING = /[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{20,}|\d+/g;

/** In what all answers of one side differ from all of the other: `status`, `body`, names of headers. */
export function difference(
  one: readonly ProbeAnswer[],
  other: readonly ProbeAnswer[],
  addresses: readonly string[],
): string[] {
  const parts: readonly (readonly [string, (answer: ProbeAnswer) => string])[] = [
    ['status', ({ status }) => String(status)],
    ['body', ({ body }) => masked(body, addresses)],
    ['cookies', ({ setCookies }) => masked(setCookies.join('\n'), addresses)],
    ...headerNames([...one, ...other]).map(
      (name) => [name, ({ headers }: ProbeAnswer) => masked(headers.get(name) ?? '(absent)', addresses)] as const,
    ),
  ];
  return parts.filter(([, part]) => areDisjoint(one.map(part), other.map(part))).map(([name]) => name);
}

/** What one side alone ever says gives it away; what both say in turn, such as the name of an instance, does not. */
function areDisjoint(one: readonly string[], other: readonly string[]): boolean {
  return !one.some((part) => other.includes(part));
}

function headerNames(answers: readonly ProbeAnswer[]): string[] {
  const names = new Set(answers.flatMap(({ headers }) => [...headers.keys()]));
  return [...names].filter((name) => name !== 'set-cookie' && !IGNORED.test(name));
}

/** An address that is echoed, a number of the request or the moment tell nothing. */
function masked(text: string, addresses: readonly string[]): string {
  const own = addresses.filter((address) => address !== '');
  return own.reduce((rest, address) => rest.replaceAll(address, '@'), text).replace(VARYING, '#');
}
