import { Logger } from '@nestjs/common';
import { simpleParser } from 'mailparser';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  html,
  type AuthOptions,
  type FactorChangeName,
  type MailFacts,
  type MailKind,
  type MailTemplates,
} from '../../lib/index.js';
import { MailRenderer } from '../../lib/mail/mail-renderer.js';
import { resolveSettings } from '../../lib/options/resolve-options.js';
import { SECRET, type User } from '../support/app.js';

const OCCASION = { at: '2026-05-03T10:11:12.345Z', device: 'Firefox on Linux', address: '203.0.113.9' };
const LINK = { link: 'https://app.example.com/page#token=id.secret', validForMinutes: 60 };
const CODE = { code: '123456', validForMinutes: 10 };

const FACTS: MailFacts = {
  'verify-email': { ...LINK, validForMinutes: 1440, contested: false },
  'reset-password': LINK,
  'account-created': LINK,
  'password-changed': { ...OCCASION, apiKeys: 0 },
  'change-email': LINK,
  'email-changing': OCCASION,
  'email-changed': OCCASION,
  'identifier-changed': OCCASION,
  'existing-account': {},
  'new-device': OCCASION,
  'magic-link': { ...LINK, validForMinutes: 10 },
  'sign-in-code': CODE,
  'confirm-code': CODE,
  unlock: { ...LINK, stopped: false },
  'refresh-token-reused': OCCASION,
  'second-factor-changed': { ...OCCASION, change: 'totp-enabled' },
  'account-deleted': {},
};
const KINDS = Object.keys(FACTS) as MailKind[];

type Options = Pick<AuthOptions<User>, 'appName' | 'appUrl' | 'mailTemplates'>;

beforeAll(() => Logger.overrideLogger(false));

function renderer(options: Options = {}): MailRenderer {
  const values = { secret: SECRET, baseUrl: 'https://api.example.com', environment: 'production', ...options } as const;
  return new MailRenderer(resolveSettings(values, { NODE_ENV: 'production' }));
}

function render(kind: MailKind, { locale = 'en', facts = FACTS[kind], ...options }: Options & Given = {}) {
  return renderer({ appName: 'Notes', appUrl: 'https://app.example.com', ...options }).render({ kind, facts }, locale);
}

interface Given {
  readonly locale?: string;
  readonly facts?: object;
}

describe.each(KINDS)('the built-in %s', (kind) => {
  const mail = render(kind);

  it('has a short subject on one line, and says whose mail it is', () => {
    expect(mail.subject).toContain('Notes');
    expect(mail.subject.length).toBeLessThan(90);
    expect(mail.subject).not.toMatch(/[\r\n]/);
  });

  it('says the same as text and as HTML, and every fact', async () => {
    const parsed = await simpleParser(`Content-Type: text/html; charset=utf-8\r\n\r\n${mail.html}`);
    const facts = { ...FACTS[kind] } as Record<string, unknown>;
    for (const shown of [facts['link'], facts['code'], facts['device'], 'https://app.example.com'].filter(Boolean)) {
      expect(mail.text).toContain(shown);
      expect(`${parsed.text} ${mail.html}`).toContain(shown);
    }
    expect(mail.text).not.toMatch(/undefined|NaN|\[object|null|<[a-z]/);
    expect(mail.html).not.toMatch(/undefined|NaN|\[object|>null/);
  });

  it('loads nothing, runs nothing and has a language, a title and no colours of its own', () => {
    expect(mail.html).not.toMatch(
      /<(?:img|script|link|iframe|form|style|object|svg|table)|src=|url\(|javascript:|\son\w+=/i,
    );
    expect(mail.html).toMatch(/<html lang="en">/);
    expect(mail.html).toContain(`<title>${mail.subject}</title>`);
    expect(mail.html).toContain('content="light dark"');
    expect(mail.html).not.toMatch(/[;"](?:color|background[a-z-]*):/);
  });
});

it('the contested, the stopped and the plain mail differ', () => {
  const contested = render('verify-email', { facts: { ...FACTS['verify-email'], contested: true } });
  expect(contested.text).toContain('new password');
  expect(render('verify-email').text).not.toContain('new password');
  expect(render('unlock', { facts: { ...FACTS.unlock, stopped: true } }).text).toContain('not used before');
  expect(render('unlock').text).not.toContain('not used before');
});

it('each change of how an account is signed in to has its words, and one that a newer process knows has some', () => {
  const changes = {
    'totp-enabled': true,
    'totp-disabled': true,
    'recovery-codes-replaced': true,
    'recovery-code-used': true,
    'passkey-added': true,
    'passkey-removed': true,
    'passkey-cloned': true,
    'identity-linked': true,
    'identity-unlinked': true,
    'api-key-created': true,
    locked: true,
  } as const satisfies Record<FactorChangeName, true>;
  const known = Object.keys(changes).map((change) =>
    render('second-factor-changed', { facts: { ...OCCASION, change } }),
  );
  expect(new Set(known.map(({ subject }) => subject)).size).toBe(known.length);
  for (const change of ['of-tomorrow', 'constructor', '__proto__']) {
    const { subject, text } = render('second-factor-changed', { facts: { ...OCCASION, change } });
    expect(subject).toBe('Sign-in changed: your account at Notes');
    expect(text).not.toContain('undefined');
  }
});

it('how long something works is said in words', () => {
  expect(render('verify-email').text).toContain('24 hours');
  expect(render('reset-password').text).toContain('1 hour,');
  expect(render('magic-link').text).toContain('10 minutes');
  expect(render('magic-link', { facts: { ...LINK, validForMinutes: 1 } }).text).toContain('1 minute,');
  expect(render('new-device').text).toContain('2026-05-03 10:11:12 UTC');
});

it('whatever is inserted is text, in content and in attributes', () => {
  const hostile = `"><img src=x onerror=alert(1)>'&`;
  for (const kind of KINDS) {
    const facts = Object.fromEntries(
      Object.entries(FACTS[kind]).map(([name, value]) => [name, typeof value === 'string' ? value + hostile : value]),
    );
    const mail = render(kind, { facts, appName: `Notes ${hostile}` });
    expect(mail.html).not.toMatch(/<img|"><|onerror=alert\(1\)>/);
    expect(mail.html).toContain('&lt;img src=x onerror=alert(1)&gt;&#39;&amp;');
  }
});

describe('templates of the application', () => {
  const german: Partial<MailTemplates> = {
    'magic-link': ({ link, appName }) => ({
      subject: `Anmelden bei ${appName}`,
      text: `Hier entlang: ${link}`,
      html: html`<p><a href="${link}">Anmelden</a></p>`,
    }),
  };
  const subject = (locale: string, mailTemplates: Options['mailTemplates'], kind: MailKind = 'magic-link') =>
    render(kind, { locale, mailTemplates: mailTemplates ?? {} }).subject;

  it('are chosen by locale, then by its language, then the default, then English', () => {
    const locales = { de: german };
    for (const locale of ['de', 'de-CH', 'DE-ch', 'de-Latn-CH']) {
      expect(subject(locale, { locales }), locale).toBe('Anmelden bei Notes');
    }
    expect(subject('fr', { locales })).toBe('Your sign-in link for Notes');
    expect(subject('fr', { locales, defaultLocale: 'de-AT' })).toBe('Anmelden bei Notes');
    expect(subject('de', { locales }, 'unlock')).toMatch(/^Wrong passwords/);
    const swiss = { 'magic-link': () => ({ subject: 'Grüezi', text: 'x', html: html`x` }) };
    expect(subject('de-CH', { locales: { de: german, 'de-CH': swiss } })).toBe('Grüezi');
    expect(subject('de-DE', { locales: { de: german, 'de-CH': swiss } })).toBe('Anmelden bei Notes');
  });

  it('get the facts and the frame', () => {
    let seen: unknown;
    const probe: Partial<MailTemplates> = {
      'magic-link': (facts) => {
        seen = facts;
        return { subject: 's', text: 't', html: html`h` };
      },
    };
    render('magic-link', { mailTemplates: { locales: { en: probe } } });
    expect(seen).toEqual({ ...FACTS['magic-link'], appName: 'Notes', appUrl: 'https://app.example.com' });
  });

  it.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('marker');
      },
    ],
    ['answers nothing', () => undefined],
    ['answers a promise', () => Promise.reject(new Error('marker'))],
    ['answers HTML as text', () => ({ subject: 's', text: 't', html: '<p>h</p>' })],
    ['has no subject', () => ({ subject: ' ', text: 't', html: html`h` })],
    ['has no text', () => ({ subject: 's', text: undefined, html: html`h` })],
  ])('one that %s is passed over: the mail is sent all the same', (_what, template) => {
    const locales = { en: { 'magic-link': template } as unknown as Partial<MailTemplates> };
    expect(subject('en', { locales })).toBe('Your sign-in link for Notes');
  });

  it('a subject cannot begin a header', () => {
    const template = () => ({ subject: 'a\r\nBcc: eve@example.com\u2028\tb', text: 't', html: html`h` });
    expect(subject('en', { locales: { en: { 'magic-link': template } } })).toBe('a Bcc: eve@example.com b');
  });
});
