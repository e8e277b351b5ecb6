import type { Html } from '../common/html.js';
import type { Duration } from '../common/duration.js';
import type { Env } from './env.js';

/** What every kind of mail knows. */
export interface MailFrame {
  /** The option `appName`. */
  readonly appName: string;
  /** The option `appUrl`. */
  readonly appUrl: string;
}

/** A link that carries a one-time token, and how long it works. */
export interface MailLink {
  readonly link: string;
  readonly validForMinutes: number;
}

/** Where something happened that the owner is told of. */
export interface MailOccasion {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Browser and system, such as `Firefox on Linux`. */
  readonly device: string;
  /** Client address. */
  readonly address: string;
}

/** What has happened to the ways in which an account signs in. */
export type FactorChangeName =
  | 'totp-enabled'
  | 'totp-disabled'
  | 'recovery-codes-replaced'
  | 'recovery-code-used'
  | 'passkey-added'
  | 'passkey-removed'
  | 'passkey-cloned'
  | 'identity-linked'
  | 'identity-unlinked'
  | 'api-key-created'
  | 'locked';

/** Every kind of mail, with what its templates are given beside `MailFrame`. */
export interface MailFacts {
  /** `contested`: somebody else had registered the address before; the page that the link opens sets a new password. */
  readonly 'verify-email': MailLink & { readonly contested: boolean };
  readonly 'reset-password': MailLink;
  /** To somebody for whom an administrator has made an account: the link sets a password. */
  readonly 'account-created': MailLink;
  /** `apiKeys`: how many keys of the account go on working. */
  readonly 'password-changed': MailOccasion & { readonly apiKeys: number };
  /** To the new address. */
  readonly 'change-email': MailLink;
  /** To the old address, when the change is asked for. */
  readonly 'email-changing': MailOccasion;
  /** To the old address, when the new one has been proven. */
  readonly 'email-changed': MailOccasion;
  /** A column of the option `identifiers` has another value. */
  readonly 'identifier-changed': MailOccasion;
  /** To the owner of an address that somebody tried to register. */
  readonly 'existing-account': Readonly<Record<never, never>>;
  readonly 'new-device': MailOccasion;
  readonly 'magic-link': MailLink;
  readonly 'sign-in-code': { readonly code: string; readonly validForMinutes: number };
  /** A code that confirms an action of somebody who is signed in. */
  readonly 'confirm-code': { readonly code: string; readonly validForMinutes: number };
  /** `stopped`: a hundred wrong passwords in a row; unknown browsers may try none until the owner acts. */
  readonly unlock: MailLink & { readonly stopped: boolean };
  readonly 'refresh-token-reused': MailOccasion;
  /** A second factor, a passkey or a linked account has changed, or is locked for a time. */
  readonly 'second-factor-changed': MailOccasion & { readonly change: FactorChangeName };
  readonly 'account-deleted': Readonly<Record<never, never>>;
}

export type MailKind = keyof MailFacts;

/** A mail as its template makes it. */
export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: Html;
}

export type MailTemplate<K extends MailKind> = (facts: MailFacts[K] & MailFrame) => RenderedMail;

export type MailTemplates = { readonly [K in MailKind]: MailTemplate<K> };

export interface MailTemplateOptions {
  /** Locale of a reader whose own is not there (BCP 47). Default `'en'`. */
  readonly defaultLocale?: string;
  /** Templates by locale. What a locale lacks is taken from the default locale, then from the built-in English. Default `{}`. */
  readonly locales?: Readonly<Record<string, Partial<MailTemplates>>>;
}

interface Sender {
  /** Sender, as `name@example.com` or `Example <name@example.com>`. Required. */
  readonly from: Env;
  /** Where answers go. Default: to the sender. */
  readonly replyTo?: Env;
}

export interface SmtpOptions extends Sender {
  /** `smtps://user:password@host:465`, or `smtp://user:password@host:587`, which must offer STARTTLS outside loopback. */
  readonly url: Env;
  /** Deadline of each step of a delivery. Default `'10s'`. */
  readonly timeout?: Duration;
  /** PEM of a certificate authority of your own. Default: those that Node.js trusts. */
  readonly ca?: Env;
}

export interface WebhookOptions extends Sender {
  /** Receives each mail as JSON by `POST`. https outside loopback. */
  readonly url: Env;
  /** Signs what is sent: at least 32 bytes. */
  readonly secret: Env;
  /** Deadline of a delivery. Default `'10s'`. */
  readonly timeout?: Duration;
}

/** How mail leaves. Made by {@link smtp}, {@link webhook}, {@link consoleMail} or {@link customMail}. */
export type MailOptions =
  | ({ readonly kind: 'smtp' } & SmtpOptions)
  | ({ readonly kind: 'webhook' } & WebhookOptions)
  | ({ readonly kind: 'console' } & Partial<Sender>)
  | ({ readonly kind: 'custom' } & Sender);

/** Mail through an SMTP server. Needs the package `nodemailer`. */
export function smtp(options: SmtpOptions): MailOptions {
  return { kind: 'smtp', ...options };
}

/** Mail through an HTTP service of yours. */
export function webhook(options: WebhookOptions): MailOptions {
  return { kind: 'webhook', ...options };
}

/** Mail in the log, links and codes included: for development, refused in production. */
export function consoleMail(options: Partial<Sender> = {}): MailOptions {
  return { kind: 'console', ...options };
}

/** Mail through a class of yours: `overrides: [{ provide: MailTransport, useClass: MyTransport }]`. */
export function customMail(options: Sender): MailOptions {
  return { kind: 'custom', ...options };
}

/** Pages of the application that mail links open: a path on `appUrl`, or a URL whose origin is listed in `origins`. */
export interface LinkOptions {
  /** Default `'/verify-email'`. */
  readonly verifyEmail?: string;
  /** Default `'/reset-password'`. */
  readonly resetPassword?: string;
  /** Default `'/change-email'`. */
  readonly changeEmail?: string;
  /** Default `'/magic-link'`. */
  readonly magicLink?: string;
  /** Default `'/unlock'`. */
  readonly unlock?: string;
}
