import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthValues } from '../options/auth-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { KeyChecks } from './key.checks.js';

const random = () => randomBytes(32).toString('base64url');

function run(id: string, values: Pick<AuthValues, 'secret' | 'secrets' | 'acceptedSecrets'>) {
  const settings = resolveSettings({ baseUrl: 'https://api.example.com', ...values }, { NODE_ENV: 'production' });
  return new KeyChecks(settings)
    .checks()
    .find((check) => check.id === id)!
    .run();
}

describe('keys.strength', () => {
  it('fires on a weak secret, with its length and the reason', () => {
    expect(run('keys.strength', { secret: 'changeme', secrets: { csrf: 'a'.repeat(40) } })).toMatchObject({
      status: 'finding',
      evidence: {
        'secret.bytes': 8,
        'secret.reason': 'short',
        'secrets.csrf.bytes': 40,
        'secrets.csrf.reason': 'repeated',
      },
      change: expect.stringContaining('Set secret and secrets.csrf to at least 32 random bytes'),
    });
  });

  it('fires on a weak secret that is accepted, and does not ask to change it', () => {
    const acceptedSecrets = [{ secret: random() }, { secret: 'b'.repeat(40), notAfter: '2031-01-01T00:00:00Z' }];
    expect(run('keys.strength', { secret: random(), acceptedSecrets })).toEqual({
      status: 'finding',
      evidence: { 'acceptedSecrets[1].bytes': 40, 'acceptedSecrets[1].reason': 'repeated' },
      change: "Set use: 'unseal' for acceptedSecrets[1]: whoever guesses it signs what is accepted here.",
    });
  });

  it('is quiet on a weak secret that only opens', () => {
    const acceptedSecrets = [{ secret: 'changeme', use: 'unseal' as const }];
    expect(run('keys.strength', { secret: random(), acceptedSecrets })).toEqual({ status: 'passed' });
  });

  it('is quiet on random ones', () => {
    expect(run('keys.strength', { secret: random(), secrets: { seal: random() } })).toEqual({ status: 'passed' });
  });
});

describe('keys.reuse', () => {
  const same = random();

  it('fires on one value for two options and names both', () => {
    expect(run('keys.reuse', { secret: random(), secrets: { csrf: same, seal: same } })).toMatchObject({
      status: 'finding',
      evidence: { options: ['secrets.csrf', 'secrets.seal'] },
    });
  });

  it('fires on the main secret used again, also with a line break after it', () => {
    expect(run('keys.reuse', { secret: same, secrets: { identifier: `${same}\n` } })).toMatchObject({
      evidence: { options: ['secret', 'secrets.identifier'] },
    });
  });

  it('is quiet on different ones', () => {
    expect(run('keys.reuse', { secret: random(), secrets: { csrf: random(), seal: random() } })).toEqual({
      status: 'passed',
    });
  });
});
