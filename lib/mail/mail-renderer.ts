import { Injectable, Logger } from '@nestjs/common';
import { Html } from '../common/html.js';
import type { MailFacts, MailFrame, MailKind, MailTemplate, RenderedMail } from '../options/mail-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { ComposedMail } from './mail-composer.js';
import { english } from './templates/english.js';

const MAX_SUBJECT = 200;

/** What a template is called with. */
type Facts<K extends MailKind> = MailFacts[K] & MailFrame;

/** Makes text of composed mail, with the templates of the options where there are any. */
@Injectable()
export class MailRenderer {
  private readonly logger = new Logger('Gatehouse');
  private readonly frame: MailFrame;
  private readonly locales: ReadonlyMap<string, Readonly<Record<string, unknown>>>;

  constructor(private readonly settings: AuthSettings) {
    this.frame = { appName: settings.appName, appUrl: settings.appUrl.href.replace(/\/$/, '') };
    this.locales = new Map(
      Object.entries(settings.mailTemplates.locales).map(([locale, templates]) => [canonical(locale), templates]),
    );
  }

  /** Never fails: a template that does is passed over, since mail of a security flow must not be lost. */
  render({ kind, facts }: Pick<ComposedMail, 'kind' | 'facts'>, locale: string) {
    const all = { ...facts, ...this.frame } as Facts<typeof kind>;
    const rendered = this.own(kind, all, locale) ?? (english[kind] as MailTemplate<typeof kind>)(all);
    return { subject: oneLine(rendered.subject), text: rendered.text, html: rendered.html.markup };
  }

  private own<K extends MailKind>(kind: K, facts: Facts<K>, locale: string): RenderedMail | undefined {
    const template = this.templateOf(kind, locale);
    if (template === undefined) return undefined;
    try {
      const rendered = template(facts);
      if (isRendered(rendered)) return rendered;
      this.logger.warn(`The template "${kind}" of mailTemplates answers no mail: ${kind} is sent in English.`);
      // An async template is one of these: what becomes of it is of no interest.
      void Promise.resolve(rendered).catch(() => undefined);
    } catch (error) {
      this.logger.warn(
        `The template "${kind}" of mailTemplates fails (${(error as Error)?.name}): ${kind} is sent in English.`,
      );
    }
    return undefined;
  }

  private templateOf<K extends MailKind>(kind: K, locale: string): MailTemplate<K> | undefined {
    for (const name of [...fallbacks(locale), ...fallbacks(this.settings.mailTemplates.defaultLocale)]) {
      const templates = this.locales.get(name);
      if (templates !== undefined && Object.hasOwn(templates, kind)) return templates[kind] as MailTemplate<K>;
    }
    return undefined;
  }
}

/** RFC 4647 §3.4: `de-Latn-CH`, `de-Latn`, `de`. */
function fallbacks(locale: string): readonly string[] {
  const parts = canonical(locale).split('-');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
}

function canonical(locale: string): string {
  return Intl.getCanonicalLocales(locale)[0] ?? locale;
}

function isRendered(value: unknown): value is RenderedMail {
  const { subject, text, html } = (value ?? {}) as Partial<Record<keyof RenderedMail, unknown>>;
  return isText(subject) && isText(text) && html instanceof Html;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

/** No line end, or it would begin a header of its own. */
function oneLine(subject: string): string {
  return subject
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_SUBJECT);
}
