import { describe, expect, it } from 'vitest';
import type { TokenOptions } from '../options/token-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { TokenChecks } from './token.checks.js';

function run(tokens: TokenOptions) {
  const values = { secret: 's', baseUrl: 'https://api.example.com', tokens };
  const [check] = new TokenChecks(resolveSettings(values, { NODE_ENV: 'production' })).checks();
  return { ...check!, outcome: check!.run() };
}

describe('tokens.signature-lifetime', () => {
  it.each([{}, { accessTtl: '6m' as const }])('fires on tokens that are not looked up and live long: %j', (tokens) => {
    const { id, severity, outcome } = run({ checking: 'signature', ...tokens });
    expect([id, severity]).toEqual(['tokens.signature-lifetime', 'warn']);
    expect(outcome).toMatchObject({
      status: 'finding',
      evidence: { minutes: tokens.accessTtl === '6m' ? 6 : 15 },
      change: expect.stringContaining("tokens.accessTtl to '5m'"),
    });
  });

  it.each<TokenOptions>([{}, { accessTtl: '24h' }, { checking: 'signature', accessTtl: '5m' }])(
    'is quiet on %j',
    (tokens) => {
      expect(run(tokens).outcome).toEqual({ status: 'passed' });
    },
  );
});
