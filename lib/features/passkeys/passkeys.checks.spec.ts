import { describe, expect, it } from 'vitest';
import type { AuthSettings } from '../../options/auth-settings.js';
import { PasskeyChecks } from './passkeys.checks.js';

const APP = 'https://app.example.com';

function outcome(id: string, rpId: string, appUrl: string, origins: readonly string[] = []) {
  const settings = { passkeys: { rpId, cap: 20 }, appUrl: new URL(appUrl), origins } as Partial<AuthSettings>;
  const checks = new PasskeyChecks(settings as AuthSettings).checks();
  return checks.find((check) => check.id === id)!.run();
}

describe('access.passkey-domain', () => {
  it.each([
    ['a sibling', 'www.example.com', APP, []],
    ['the end of another name', 'ample.com', 'https://example.com', []],
    ['an origin elsewhere', 'example.com', APP, ['https://example.org']],
    ['an address', '192.0.2.7', 'https://192.0.2.7', []],
    ['a top-level domain', 'com', APP, []],
  ])('fires at %s', (_, rpId, appUrl, origins) => {
    expect(outcome('access.passkey-domain', rpId, appUrl, origins)).toMatchObject({ status: 'finding' });
  });

  it.each([
    ['the host itself', 'app.example.com', APP, []],
    ['what the hosts have in common', 'example.com', APP, ['https://api.example.com', 'https://example.com:8443']],
    ['this machine', 'localhost', 'http://localhost:3000', []],
  ])('is quiet at %s', (_, rpId, appUrl, origins) => {
    expect(outcome('access.passkey-domain', rpId, appUrl, origins)).toEqual({ status: 'passed' });
  });
});

describe('access.passkey-origins', () => {
  it('fires at a page without TLS', () => {
    const found = outcome('access.passkey-origins', 'example.com', APP, ['http://old.example.com']);
    expect(found).toMatchObject({ status: 'finding', evidence: { hosts: ['old.example.com'] } });
  });

  it('is quiet at https, and on this machine', () => {
    const origins = ['https://example.com', 'http://localhost:4200', 'http://127.0.0.1:3000'];
    expect(outcome('access.passkey-origins', 'example.com', APP, origins)).toEqual({ status: 'passed' });
  });
});
