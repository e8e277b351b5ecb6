import { Injectable } from '@nestjs/common';
import { isLoopbackHost } from '../../options/loopback.js';
import { AuthSettings } from '../../options/auth-settings.js';

/** It travels in a cookie, beside two others. */
const LONGEST = 512;
/** Blanks and control characters, which browsers leave out of addresses, and what they take for a slash. */
const DECEPTIVE = /[\s\\\p{C}]/u;

/**
 * Where the browser may be sent in the end: pages of the application alone, or an application that `oauth.nativeRedirects`
 * names. Anything else would make a sign-in a way to lead people anywhere (RFC 9700 §4.11).
 */
@Injectable()
export class ReturnTargets {
  constructor(private readonly settings: AuthSettings) {}

  /** A path on `appUrl`, or a URL whose origin is listed; made absolute. `undefined`: none of them. Default: `appUrl`. */
  page(text = '/'): string | undefined {
    if (text.length > LONGEST || DECEPTIVE.test(text)) return undefined;
    const { appUrl, origins } = this.settings;
    const isPath = /^\/(?!\/)/.test(text);
    if (!isPath && !/^https?:\/\//i.test(text)) return undefined;
    const address = isPath ? appUrl.href.replace(/\/$/, '') + text : text;
    if (!URL.canParse(address)) return undefined;
    const url = new URL(address);
    const isOurs = url.origin === appUrl.origin || origins.includes(url.origin);
    // `/.//host`: a page that goes on to its own path would leave for another site.
    if (url.pathname.startsWith('//')) return undefined;
    const isPlain = url.username === '' && url.password === '';
    // Percent-encoding makes a letter up to nine times as long.
    return isOurs && isPlain && url.href.length <= LONGEST ? url.href : undefined;
  }

  /** One of `oauth.nativeRedirects`, letter for letter; on loopback with any port (RFC 8252 §7.3). */
  native(text: string): string | undefined {
    if (text.length > LONGEST || DECEPTIVE.test(text) || !URL.canParse(text)) return undefined;
    if (new URL(text).href.length > LONGEST) return undefined;
    return this.settings.oauth.nativeRedirects.some((listed) => isSame(listed, text)) ? text : undefined;
  }
}

/** With a value in its query, in place of one of the same name. */
export function withQuery(target: string, name: string, value: string): string {
  const url = new URL(target);
  url.searchParams.set(name, value);
  return url.href;
}

/** With these values as its fragment: it reaches no server and no `Referer`. */
export function withFragment(target: string, values: Readonly<Record<string, string>>): string {
  const url = new URL(target);
  url.hash = new URLSearchParams(values).toString();
  return url.href;
}

function isSame(listed: string, given: string): boolean {
  if (listed === given) return true;
  const [known, asked] = [new URL(listed), new URL(given)];
  if (known.protocol !== 'http:' || !isLoopbackHost(known.hostname)) return false;
  known.port = asked.port;
  return known.href === asked.href;
}
