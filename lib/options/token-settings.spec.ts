import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthValues } from './auth-options.js';
import type { TokenOptions } from './token-options.js';
import { resolveSettings } from './resolve-options.js';

const settings = (values: Partial<AuthValues>, NODE_ENV = 'production') =>
  resolveSettings({ secret: 's', baseUrl: 'https://api.example.com/v1/', ...values }, { NODE_ENV });

function problemsOf(values: Partial<AuthValues>, NODE_ENV?: string): string {
  try {
    settings(values, NODE_ENV);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

const tokenProblems = (tokens: TokenOptions, NODE_ENV?: string) => problemsOf({ tokens }, NODE_ENV);

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

describe('the keys of access tokens', () => {
  it('are read with the algorithm, the id and the end that they have', () => {
    const [one, two, three] = [pair(), pair(), pair()];
    const { signingKey, acceptedKeys } = settings({
      tokens: {
        signingKey: { privateKey: one.privateKey },
        acceptedKeys: [
          { publicKey: two.publicKey, notAfter: '2027-01-31T01:00:00+01:00' },
          { publicKey: three.publicKey, kid: 'spring.2027' },
        ],
      },
    }).tokens;
    expect(signingKey).toMatchObject({
      algorithm: 'EdDSA',
      kid: expect.stringMatching(/^[\w-]{43}$/),
      notAfter: undefined,
    });
    expect([signingKey!.privateKey.type, signingKey!.publicKey.type]).toEqual(['private', 'public']);
    expect(acceptedKeys.map(({ kid, notAfter }) => [kid.length, notAfter])).toEqual([
      [43, Date.parse('2027-01-31T00:00:00Z')],
      [11, undefined],
    ]);
    for (const { publicKey } of acceptedKeys) expect(publicKey.type).toBe('public');
  });

  it('are those of the secret when nothing is said', () => {
    expect(settings({}).tokens).toMatchObject({ signingKey: undefined, acceptedKeys: [] });
  });

  it('have ids of their own', () => {
    const [one, two] = [pair(), pair()];
    const signingKey = { privateKey: one.privateKey, kid: 'same' };
    expect(tokenProblems({ signingKey, acceptedKeys: [{ publicKey: two.publicKey, kid: 'same' }] })).toContain(
      'tokens.acceptedKeys[0]: has the key id of an earlier key.',
    );
    expect(tokenProblems({ acceptedKeys: [{ publicKey: two.publicKey }, { publicKey: two.publicKey }] })).toContain(
      'tokens.acceptedKeys[1]: has the key id of an earlier key.',
    );
    const both = { signingKey: { privateKey: one.privateKey }, acceptedKeys: [{ publicKey: one.publicKey }] };
    expect(tokenProblems(both)).toContain('tokens.acceptedKeys[0]: has the key id');
  });

  it('are refused by name, and no part of them is shown', () => {
    const lines = tokenProblems({
      signingKey: { privateKey: 'marker one', kid: 'a kid with spaces' },
      acceptedKeys: [
        { publicKey: pair().privateKey },
        { publicKey: 'marker two', kid: '../marker', notAfter: 'marker' },
      ],
    });
    for (const path of [
      'signingKey.privateKey',
      'signingKey.kid',
      'acceptedKeys[0].publicKey',
      'acceptedKeys[1].publicKey',
      'acceptedKeys[1].kid',
      'acceptedKeys[1].notAfter',
    ]) {
      expect(lines).toContain(`  - tokens.${path}: `);
    }
    expect(lines).not.toMatch(/marker|BEGIN [A-Z ]*KEY-----|MC4CAQ/);
  });

  it('say when an id names no key', () => {
    expect(tokenProblems({ signingKey: { privateKey: undefined, kid: 'k' } }, 'development')).toContain(
      'tokens.signingKey.kid: names no key: give tokens.signingKey.privateKey as well.',
    );
  });
});

describe('issuer and audience', () => {
  it('are the address of the API without the slash, or what is said', () => {
    expect(settings({}).tokens).toMatchObject({
      issuer: 'https://api.example.com/v1',
      audience: 'https://api.example.com/v1',
    });
    expect(settings({ tokens: { issuer: 'urn:me', audience: 'urn:it' } }).tokens).toMatchObject({
      issuer: 'urn:me',
      audience: 'urn:it',
    });
  });
});

describe('acceptedSecrets', () => {
  it('are read with their end and use', () => {
    const acceptedSecrets = [
      { secret: 'one' },
      { secret: 'two', notAfter: '2027-01-31T00:00:00Z' },
      { secret: 'three', use: 'unseal' as const },
    ];
    expect(settings({ acceptedSecrets }).acceptedSecrets).toEqual([
      { secret: 'one', notAfter: undefined, use: 'all' },
      { secret: 'two', notAfter: Date.parse('2027-01-31T00:00:00Z'), use: 'all' },
      { secret: 'three', notAfter: undefined, use: 'unseal' },
    ]);
  });

  it('may have ended: no start fails because a day has passed', () => {
    expect(problemsOf({ acceptedSecrets: [{ secret: 'one', notAfter: '2001-01-01T00:00:00Z' }] })).toBe('none');
  });

  it.each(['production', 'development', 'test'])(
    'are never without what stands there by mistake in %s',
    (environment) => {
      const none = process.env['NOT_SET'];
      const lines = problemsOf({ acceptedSecrets: [{ secret: none }, { secret: 'two', notAfter: none }] }, environment);
      expect(lines).toContain('acceptedSecrets[0].secret: is missing. Give the secret, or leave its entry out.');
      expect(lines).toContain('acceptedSecrets[1].notAfter: is there without a value.');
    },
  );

  it.each([
    '2027-01-31',
    '2027-01-31T00:00:00',
    '31.01.2027',
    '2027-13-01T00:00:00Z',
    '2027-02-30T00:00:00Z',
    'marker',
  ])('end at a moment with its zone: %s is refused and not shown', (notAfter) => {
    const lines = problemsOf({ acceptedSecrets: [{ secret: 'one', notAfter }] });
    expect(lines).toContain(
      "acceptedSecrets[0].notAfter: must be a moment with its zone, such as '2027-01-31T00:00:00Z'.",
    );
    expect(lines).not.toContain('marker');
  });

  it('stand once', () => {
    const lines = problemsOf({
      secret: 'main',
      acceptedSecrets: [{ secret: 'main' }, { secret: 'twice' }, { secret: 'twice', use: 'unseal' }],
    });
    expect(lines).toContain('acceptedSecrets[0]: is the same secret as secret: remove one of the two.');
    expect(lines).toContain('acceptedSecrets[1]: is the same secret as acceptedSecrets[2]');
    expect(problemsOf({ secrets: { csrf: 'own' }, acceptedSecrets: [{ secret: 'own' }] })).toContain(
      'acceptedSecrets[0]: is the same secret as secrets.csrf',
    );
  });

  it('may name the main secret beside one of a single purpose, which comes and goes that way', () => {
    expect(problemsOf({ secret: 'main', secrets: { csrf: 'own' }, acceptedSecrets: [{ secret: 'main' }] })).toBe(
      'none',
    );
  });
});
