import { Injectable } from '@nestjs/common';
import Negotiator from 'negotiator';
import { AuthSettings } from '../options/auth-settings.js';

/** Which language a mail is written in. */
@Injectable()
export class MailLocales {
  private readonly available: readonly string[];

  constructor(private readonly settings: AuthSettings) {
    const { defaultLocale, locales } = settings.mailTemplates;
    this.available = [...new Set([defaultLocale, ...Object.keys(locales)])];
  }

  /** The locale that the request likes best of those that there are templates for (RFC 9110 §12.5.4). */
  of(request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string {
    const negotiator = new Negotiator({
      headers: { 'accept-language': String(request.headers['accept-language'] ?? '*') },
    });
    return negotiator.language([...this.available]) ?? this.settings.mailTemplates.defaultLocale;
  }
}
