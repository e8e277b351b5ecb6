import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CookieJar } from '../cookies/cookie-jar.js';
import { AuthSettings } from '../options/auth-settings.js';
import { CheckSource, passed, type Check, type CheckOutcome } from './check.js';
import { enumEvidence } from './evidence.js';

const SAME_SITE = ['strict', 'lax', 'none'];

/** Proves by doing what the session cookie is like. */
@Injectable()
export class CookieChecks extends CheckSource {
  constructor(
    private readonly jar: CookieJar,
    private readonly host: HttpAdapterHost,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'cookies.secure',
        title: 'The session cookie goes over https alone, to no script and to no other host',
        area: 'cookies',
        severity: 'refuse',
        source: 'ASVS 5.0 V3.3.1, V3.3.4, RFC 6265bis §4.1.3.2',
        run: () => this.secure(),
      },
    ];
  }

  private secure(): CheckOutcome {
    // Microservices and scripts set none.
    if (!this.host.httpAdapter?.getType()) return passed;
    const lines: string[] = [];
    this.jar.set(fakeAnswer(lines), 'session', 'none');
    const [line] = lines;
    if (line === undefined) return { status: 'unchecked', reason: 'this platform does not show the cookie' };
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const has = (name: string): boolean => attributes.some((each) => each.toLowerCase() === name);
    const sameSite = attributes
      .find((each) => /^samesite=/i.test(each))
      ?.slice('samesite='.length)
      .toLowerCase();
    const prefix = pair.startsWith('__Host-');
    const evidence = {
      cookies: lines.length,
      secure: has('secure'),
      httpOnly: has('httponly'),
      path: has('path=/'),
      prefix,
      sameSite: enumEvidence(sameSite ?? 'absent', [...SAME_SITE, 'absent']),
    };
    // A domain of the operator's own costs the prefix, which is a finding by itself.
    const hostBound = prefix || this.settings.cookies.domain !== undefined;
    const good = evidence.secure && evidence.httpOnly && evidence.path && sameSite !== undefined && hostBound;
    if (good && lines.length === 1) return { status: 'passed', evidence };
    return {
      status: 'finding',
      evidence,
      change:
        'Set baseUrl to the https:// address of this API, and take out an override of CookieJar that sets other attributes.',
    };
  }
}

/** Takes headers as Express and the bare answers of Node do. */
function fakeAnswer(lines: string[]): object {
  return {
    append: (_name: string, value: string): void => void lines.push(value),
    getHeader: () => undefined,
    setHeader: (_name: string, value: string): void => void lines.push(value),
  };
}
