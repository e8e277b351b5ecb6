import { duration, field, isRecord, oneOf, optionalText, text } from './fields.js';
import type { FieldsOf } from './fields.js';
import { MAX_SECRET } from './key-values.js';
import type { LinkOptions, MailOptions, MailTemplateOptions, MailTemplates } from './mail-options.js';
import { mailboxProblem } from './mailbox.js';

const MAX_PEM = 65_536;

type Given<T> = T extends unknown ? keyof T : never;

/** Everything below `mail`. Which of it a kind needs is a relation. */
export const mail = {
  kind: oneOf('console', ['smtp', 'webhook', 'console', 'custom']),
  from: field<string | undefined>(undefined, mailboxProblem, undefined, '`appName` at the host of `baseUrl`'),
  replyTo: field<string | undefined>(undefined, mailboxProblem),
  url: optionalText(MAX_SECRET),
  secret: optionalText(MAX_SECRET),
  timeout: duration('10s', '100ms', '1m'),
  ca: optionalText(MAX_PEM),
} satisfies Record<Given<MailOptions>, unknown>;

export const mailTemplates = {
  defaultLocale: field('en', localeProblem),
  locales: field<Readonly<Record<string, Partial<MailTemplates>>>>({}, localesProblem),
} satisfies FieldsOf<MailTemplateOptions>;

export const links = {
  verifyEmail: text('/verify-email', 2_000),
  resetPassword: text('/reset-password', 2_000),
  changeEmail: text('/change-email', 2_000),
  magicLink: text('/magic-link', 2_000),
  unlock: text('/unlock', 2_000),
} satisfies FieldsOf<LinkOptions>;

function localeProblem(value: unknown): string | undefined {
  try {
    if (typeof value === 'string' && Intl.getCanonicalLocales(value).length === 1) return undefined;
  } catch {
    // Said below.
  }
  return "must be a locale (BCP 47), such as 'en' or 'de-CH'.";
}

function localesProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'must be an object of templates by locale.';
  const wrong = Object.entries(value).find(
    ([locale, templates]) =>
      localeProblem(locale) !== undefined ||
      !isRecord(templates) ||
      Object.values(templates).some((template) => typeof template !== 'function'),
  );
  return wrong === undefined ? undefined : 'must give each locale (BCP 47) an object of template functions.';
}
