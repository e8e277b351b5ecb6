import { describe, expect, it } from 'vitest';
import type { AuthValues } from './auth-options.js';
import { customMail, smtp, webhook, type MailOptions } from './mail-options.js';
import { resolveSettings } from './resolve-options.js';

const FROM = 'Notes <no-reply@example.com>';
const SECRET = 'bN3vR8kQ2mX7pL5tZ9wY4cH6jD1fG0sA';

const settings = (values: Partial<AuthValues>) =>
  resolveSettings({ secret: 's', baseUrl: 'https://api.example.com/v1/', ...values }, { NODE_ENV: 'production' });

function problemsOf(values: Partial<AuthValues>): string {
  try {
    settings(values);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('mail', () => {
  it('is printed by default, from a sender that is made up', () => {
    expect(settings({ appName: 'Notes & <More>' }).mail).toEqual({
      kind: 'console',
      from: 'Notes More <no-reply@api.example.com>',
      replyTo: undefined,
      url: undefined,
      secret: undefined,
      timeoutMs: 10_000,
      ca: undefined,
    });
  });

  it.each<MailOptions>([
    smtp({ url: 'smtp://user:p%40ss@mail.example.com:587', from: FROM, replyTo: 'help@example.com', timeout: '5s' }),
    smtp({ url: 'smtps://mail.example.com', from: 'no-reply@example.com', ca: 'PEM' }),
    webhook({ url: 'https://hooks.example.com/mail', secret: SECRET, from: FROM }),
    webhook({ url: 'http://127.0.0.1:8080/mail', secret: SECRET, from: FROM }),
    customMail({ from: FROM }),
  ])('takes %j', (mail) => {
    expect(problemsOf({ mail })).toBe('none');
  });

  it.each<[object, string]>([
    [{ kind: 'smtp', url: 'https://mail.example.com', from: FROM }, 'mail.url: must begin with smtp:// or smtps://'],
    [{ kind: 'smtp', url: 'smtp://', from: FROM }, 'mail.url'],
    [{ kind: 'smtp', from: FROM }, 'mail.url: is missing'],
    [{ kind: 'smtp', url: 'smtps://mail.example.com' }, 'mail.from: is missing'],
    [
      { kind: 'webhook', url: 'http://hooks.example.com', secret: SECRET, from: FROM },
      'mail.url: must begin with https',
    ],
    [
      { kind: 'webhook', url: 'https://hooks.example.com', secret: 'marker', from: FROM },
      'mail.secret: must be at least',
    ],
    [{ kind: 'webhook', url: 'https://hooks.example.com', from: FROM }, 'mail.secret'],
    [{ kind: 'custom' }, 'mail.from: is missing'],
    [{ kind: 'custom', from: FROM, url: 'smtps://mail.example.com' }, 'mail.url: is not for mail of kind'],
    [{ kind: 'console', from: 'Eve <a@example.com>, b@example.com' }, 'mail.from'],
    [{ kind: 'console', from: 'Eve\r\nBcc: b@example.com <a@example.com>' }, 'mail.from'],
    [{ kind: 'console', from: ' a@example.com' }, 'mail.from'],
    [{ kind: 'console', replyTo: 'nobody' }, 'mail.replyTo'],
    [{ kind: 'carrier-pigeon' }, 'mail.kind'],
    [{ kind: 'smtp', url: 'smtps://mail.example.com', from: FROM, timeout: '2h' }, 'mail.timeout'],
    [{ kind: 'smtp', url: 'smtps://mail.example.com', from: FROM, pool: true }, 'mail.pool'],
  ])('refuses %j', (mail, problem) => {
    const said = problemsOf({ mail: mail as MailOptions });
    expect(said).toContain(problem);
    expect(said).not.toContain('marker');
  });
});

describe('links', () => {
  const pages = (values: Partial<AuthValues>) => settings(values).links;

  it('are pages of appUrl, whatever path that has', () => {
    expect(pages({ appUrl: 'https://app.example.com/notes/' }).verifyEmail.href).toBe(
      'https://app.example.com/notes/verify-email',
    );
    expect(pages({ origins: ['https://app.example.com'] }).unlock.href).toBe('https://app.example.com/unlock');
    expect(pages({}).resetPassword.href).toBe('https://api.example.com/v1/reset-password');
    expect(pages({ links: { magicLink: '/in?from=mail' } }).magicLink.search).toBe('?from=mail');
  });

  it('may lead to an origin that is listed', () => {
    const values = { origins: ['https://www.example.com'], links: { unlock: 'https://www.example.com/u' } };
    expect(pages(values).unlock.href).toBe('https://www.example.com/u');
  });

  it.each([
    'https://evil.example.net/verify',
    '//evil.example.net/verify',
    '/\\evil.example.net',
    'verify',
    'javascript:alert(1)',
    '/verify#x',
    'https://user:marker@api.example.com/verify',
  ])('refuse %s', (verifyEmail) => {
    const said = problemsOf({ links: { verifyEmail } });
    expect(said).toContain('links.verifyEmail');
    expect(said).not.toContain('marker');
  });
});

describe('mailTemplates', () => {
  it.each<[object, string]>([
    [{ defaultLocale: 'not a locale' }, 'mailTemplates.defaultLocale'],
    [{ locales: { constructor_: {} } }, 'mailTemplates.locales'],
    [{ locales: { de: { 'magic-link': 'text' } } }, 'mailTemplates.locales'],
    [{ locales: [] }, 'mailTemplates.locales'],
  ])('refuses %j', (mailTemplates, problem) => {
    expect(problemsOf({ mailTemplates })).toContain(problem);
  });
});
