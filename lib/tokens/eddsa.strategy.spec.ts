import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EdDsaStrategy } from './eddsa.strategy.js';
import { parseJws, signJws } from './jws.js';

const { privateKey } = generateKeyPairSync('ed25519');
const key = { kid: 'k', algorithm: 'EdDSA', verifyKey: createPublicKey(privateKey), notAfter: undefined } as const;

function outcome(token: string): string {
  const said: string[] = [];
  const strategy = Object.assign(new EdDsaStrategy(), {
    success: () => said.push('success'),
    fail: () => said.push('fail'),
  });
  strategy.authenticate({ token, jws: parseJws(token)!, key });
  return said.join();
}

describe('EdDSA over Ed25519 (RFC 8037)', () => {
  it('lets in what the key signed, and says so once', () => {
    expect(outcome(signJws('EdDSA', privateKey, { alg: 'EdDSA' }, { sub: '1' }))).toBe('success');
  });

  it('refuses every other signature, of whatever length', () => {
    const stranger = signJws('EdDSA', generateKeyPairSync('ed25519').privateKey, { alg: 'EdDSA' }, { sub: '1' });
    expect(outcome(stranger)).toBe('fail');
    const [header, payload] = stranger.split('.');
    for (const length of [1, 32, 63, 64, 65, 128]) {
      expect(outcome(`${header}.${payload}.${Buffer.alloc(length).toString('base64url')}`)).toBe('fail');
    }
  });

  it('reproduces the example of RFC 8037 appendix A.4', () => {
    const verifyKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      format: 'jwk',
    });
    const token =
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.' +
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';
    const said: string[] = [];
    const strategy = Object.assign(new EdDsaStrategy(), {
      success: () => said.push('success'),
      fail: () => said.push('fail'),
    });
    strategy.authenticate({ token, jws: parseJws(token)!, key: { ...key, verifyKey } });
    expect(said).toEqual(['success']);
  });
});
