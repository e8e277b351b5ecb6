import { describe, expect, it } from 'vitest';
import { AuthError } from '../errors/auth-error.js';
import { resolveSettings } from '../options/resolve-options.js';
import { TokenScopes } from './token-scopes.js';

const settings = resolveSettings(
  {
    secret: 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN',
    baseUrl: 'http://localhost',
    tokens: { scopes: { read: 'everyone', write: ['editor', 'admin'], all: ['admin'] } },
  },
  { NODE_ENV: 'test' },
);
const scopes = new TokenScopes(settings);

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error instanceof AuthError && error.code === 'VALIDATION_FAILED' ? error.body.details : error;
  }
  return 'nothing';
}

const REFUSED = [expect.objectContaining({ field: 'scope', rule: 'scope' })];

describe('scopes', () => {
  it('can be granted to everyone, or to any one of their roles', () => {
    expect(scopes.grantable([])).toEqual(['read']);
    expect(scopes.grantable(['editor'])).toEqual(['read', 'write']);
    expect(scopes.grantable(['admin', 'editor'])).toEqual(['read', 'write', 'all']);
    expect(scopes.grantable(['everyone'])).toEqual(['read']);
  });

  it('are granted as far as they were asked for and can be', () => {
    expect(scopes.grant(undefined, ['editor'])).toEqual(['read', 'write']);
    expect(scopes.grant('write read write', ['editor'])).toEqual(['write', 'read']);
    expect(scopes.grant('all read', ['editor'])).toEqual(['read']);
  });

  it.each(['all', 'nothing', 'toString', '__proto__', ' ', 'read ', 'read\tall', 'r"ead', 'r\\ead', 'réad', '\u0000'])(
    'are refused where none of those asked for can be granted: %j',
    (asked) => {
      expect(refusal(() => scopes.grant(asked, []))).toEqual(REFUSED);
    },
  );

  it('are refused before anything is known of the caller where none of them exists', () => {
    for (const asked of [undefined, '', 'all', 'nothing all']) expect(() => scopes.refuseUnknown(asked)).not.toThrow();
    for (const asked of ['nothing', 'toString', 'read  all']) {
      expect(
        refusal(() => scopes.refuseUnknown(asked)),
        asked,
      ).toEqual(REFUSED);
    }
  });

  it('are none where none are asked for', () => {
    expect(scopes.grant('', ['editor'])).toEqual([]);
  });

  it('are clamped to what was granted and can be granted still', () => {
    expect(scopes.clamp(['read', 'write'], undefined, ['editor'])).toEqual(['read', 'write']);
    expect(scopes.clamp(['read', 'write'], undefined, [])).toEqual(['read']);
    expect(scopes.clamp(['read', 'write'], 'write', ['editor'])).toEqual(['write']);
    expect(scopes.clamp(['read', 'write'], 'write', [])).toEqual([]);
    // A role that came later widens nothing that exists.
    expect(scopes.clamp(['read'], undefined, ['admin'])).toEqual(['read']);
    expect(scopes.clamp(['removed from the options'], undefined, ['admin'])).toEqual([]);
  });

  it('are refused when they were never granted', () => {
    expect(refusal(() => scopes.clamp(['read'], 'read write', ['editor']))).toEqual(REFUSED);
    expect(refusal(() => scopes.clamp([], 'read', []))).toEqual(REFUSED);
  });
});
