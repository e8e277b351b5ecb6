import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { randomToken } from '../common/random.js';
import { CookieJar, type WithHeaders } from './cookie-jar.js';

type BindingCookie = 'challenge' | 'request';

const VALUE = /^[\w-]{22}$/;

/**
 * Tells the browser that began something from every other: it holds 128 random bits, and what was begun holds their hash.
 * The value outlives what was begun with it, by minutes: each challenge and each link has a mark of its own that it is used.
 */
@Injectable()
export class BrowserBinding {
  constructor(private readonly cookies: CookieJar) {}

  /**
   * Gives the browser a value, or more time for the one that it holds: what another tab has begun goes on. Returns its hash.
   */
  begin(request: WithHeaders, response: unknown, cookie: BindingCookie, maxAgeMs: number): string {
    const value = this.valueIn(request, cookie) ?? randomToken();
    this.cookies.set(response, cookie, value, { maxAgeMs });
    return hashOf(cookie, value);
  }

  /** The hash of what the browser holds; `undefined` when it holds nothing of the kind. */
  of(request: WithHeaders, cookie: BindingCookie): string | undefined {
    const value = this.valueIn(request, cookie);
    return value === undefined ? undefined : hashOf(cookie, value);
  }

  private valueIn(request: WithHeaders, cookie: BindingCookie): string | undefined {
    const value = this.cookies.read(request, cookie);
    return value !== undefined && VALUE.test(value) ? value : undefined;
  }
}

function hashOf(cookie: BindingCookie, value: string): string {
  return createHash('sha256').update(`gatehouse/${cookie}-binding/v1\0${value}`).digest('base64url');
}
