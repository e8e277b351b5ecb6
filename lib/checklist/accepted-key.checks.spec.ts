import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AcceptedSecret, AcceptedTokenKey } from '../options/token-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { TestClock } from '../testing/test-clock.js';
import { AcceptedKeyChecks } from './accepted-key.checks.js';

const NOW = Date.parse('2027-06-01T00:00:00Z');
const LAST_WEEK = '2027-05-25T00:00:00Z';
const IN_3_DAYS = '2027-06-04T00:00:00Z';
const IN_30_DAYS = '2027-07-01T00:00:00Z';

const random = () => randomBytes(32).toString('base64url');
const publicKey = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();

function checks(secrets: readonly Partial<AcceptedSecret>[], keys: readonly Partial<AcceptedTokenKey>[] = []) {
  const settings = resolveSettings(
    {
      baseUrl: 'https://api.example.com',
      secret: random(),
      acceptedSecrets: secrets.map((entry) => ({ secret: random(), ...entry })),
      tokens: { acceptedKeys: keys.map((entry) => ({ publicKey: publicKey(), ...entry })) },
    },
    { NODE_ENV: 'production' },
  );
  return new AcceptedKeyChecks(settings, new TestClock(NOW)).checks();
}

function run(id: string, ...given: Parameters<typeof checks>) {
  return checks(...given)
    .find((check) => check.id === id)!
    .run();
}

it('warn, and never refuse: a day that passes stops no start', () => {
  for (const check of checks([])) expect(check).toMatchObject({ area: 'keys', severity: 'warn' });
});

describe('keys.accepted-expired', () => {
  it('fires on a secret and on a key pair whose time is over, and names the lines to delete', () => {
    expect(
      run('keys.accepted-expired', [{ notAfter: IN_30_DAYS }, { notAfter: LAST_WEEK }], [{ notAfter: LAST_WEEK }]),
    ).toEqual({
      status: 'finding',
      evidence: { 'acceptedSecrets[1].daysOver': 7, 'tokens.acceptedKeys[0].daysOver': 7 },
      change: expect.stringMatching(/^Delete acceptedSecrets\[1\] and tokens\.acceptedKeys\[0\]: .*use: 'unseal'/),
    });
  });

  it('fires from the very moment on', () => {
    const moment = new Date(NOW).toISOString();
    expect(run('keys.accepted-expired', [], [{ notAfter: moment }])).toMatchObject({
      change: 'Delete tokens.acceptedKeys[0]: nothing verifies under it any more.',
    });
    expect(run('keys.retirement', [], [{ notAfter: moment }])).toEqual({ status: 'passed' });
  });

  it.each([[[]], [[{ notAfter: IN_3_DAYS }]], [[{}]], [[{ notAfter: LAST_WEEK, use: 'unseal' as const }]]])(
    'is quiet on %j',
    (secrets) => {
      expect(run('keys.accepted-expired', secrets)).toEqual({ status: 'passed' });
    },
  );
});

describe('keys.accepted-endless', () => {
  it('fires on what is accepted for ever', () => {
    expect(run('keys.accepted-endless', [{ notAfter: IN_3_DAYS }, {}], [{}])).toEqual({
      status: 'finding',
      evidence: { 'acceptedSecrets[1].endless': true, 'tokens.acceptedKeys[0].endless': true },
      change: expect.stringContaining('Say when acceptedSecrets[1] and tokens.acceptedKeys[0] end'),
    });
  });

  it('fires on the secret beside a key pair, until it has an end', () => {
    const privateKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const beside = (tokens: object) => {
      const values = {
        baseUrl: 'https://api.example.com',
        secret: random(),
        tokens: { signingKey: { privateKey }, ...tokens },
      };
      const settings = resolveSettings(values, { NODE_ENV: 'production' });
      const all = new AcceptedKeyChecks(settings, new TestClock(NOW)).checks();
      return (id: string) => all.find((check) => check.id === id)?.run();
    };
    expect(beside({})('keys.accepted-endless')).toMatchObject({
      evidence: { 'tokens.acceptSecretUntil.endless': true },
    });
    for (const acceptSecretUntil of [LAST_WEEK, IN_30_DAYS]) {
      expect(beside({ acceptSecretUntil })('keys.accepted-endless')).toEqual({ status: 'passed' });
      // Without the line the secret would verify again: it is never one to delete.
      expect(beside({ acceptSecretUntil })('keys.accepted-expired')).toEqual({ status: 'passed' });
    }
  });

  it.each([[[]], [[{ notAfter: IN_30_DAYS }]], [[{ notAfter: LAST_WEEK }]], [[{ use: 'unseal' as const }]]])(
    'is quiet on %j',
    (secrets) => {
      expect(run('keys.accepted-endless', secrets)).toEqual({ status: 'passed' });
    },
  );
});

describe('keys.retirement', () => {
  it('fires a week before the end', () => {
    expect(run('keys.retirement', [{ notAfter: IN_3_DAYS }], [{ notAfter: IN_30_DAYS }])).toEqual({
      status: 'finding',
      evidence: { 'acceptedSecrets[0].daysLeft': 3 },
      change: expect.stringContaining('Whatever acceptedSecrets[0] alone has signed is refused then'),
    });
  });

  it.each([
    [[]],
    [[{ notAfter: IN_30_DAYS }]],
    [[{ notAfter: LAST_WEEK }]],
    [[{}]],
    [[{ notAfter: IN_3_DAYS, use: 'unseal' as const }]],
  ])('is quiet on %j', (secrets) => {
    expect(run('keys.retirement', secrets)).toEqual({ status: 'passed' });
  });
});
