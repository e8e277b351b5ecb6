import { createPrivateKey, createPublicKey, createSecretKey, hkdfSync } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../../lib/common/duration.js';
import { Tokens } from '../../../lib/index.js';
import { AccessTokens } from '../../../lib/tokens/access-tokens.service.js';
import type { TokenAlgorithm } from '../../../lib/tokens/jws.js';
import { FORM_ATTACKS, withOtherS } from './form-attacks.js';
import { ALGORITHMS, es256, forge, hs256, newPrivateKey } from './forge.js';
import { Lab, type LabSetup } from './lab.js';

const LIFE_MS = 15 * MINUTE_MS;

/** What has been verified once is remembered: these tokens have all been good before they are asked about. */
describe('Access tokens that have been verified', () => {
  let lab: Lab;

  afterEach(() => lab.app.close());

  async function start(algorithm: TokenAlgorithm, setup?: LabSetup): Promise<string> {
    lab = await Lab.start(algorithm, setup);
    expect((await lab.ask(lab.holder.token)).status).toBe(200);
    return lab.holder.token;
  }

  it.each(ALGORITHMS)('are refused in every spelling when their session has ended: %s', async (algorithm) => {
    const token = await start(algorithm);
    const spellings = [token, lab.signed(), ...(algorithm === 'ES256' ? [withOtherS(token)] : [])];
    // The first is in memory; the others are good as well, and are not: it is the session that a token stands for.
    for (const spelling of spellings) expect((await lab.ask(spelling)).status).toBe(200);
    await lab.app.client().post('/auth/token/revoke', { token: lab.holder.refreshToken });
    const forged = FORM_ATTACKS.filter(({ on, overHttp }) => overHttp !== false && on?.includes(algorithm) !== false);
    for (const text of [...spellings, ...forged.map(({ forge }) => forge(lab))]) {
      expect((await lab.ask(text)).status).toBe(401);
    }
  });

  it('would still pass after a revocation, were the signature all', async () => {
    const token = await start('ES256', { tokens: { checking: 'signature' } });
    await lab.app.client().post('/auth/token/revoke', { token: lab.holder.refreshToken });
    expect((await lab.ask(token)).status).toBe(200);
    expect((await lab.ask(withOtherS(token))).status).toBe(200);
  });

  it.each(['session', 'signature'] as const)('end with exp, not with the request before it: %s', async (checking) => {
    const token = await start('ES256', { tokens: { checking } });
    const spelling = withOtherS(token);
    // `exp` is a whole second, which the moment of signing rarely is.
    lab.clock.advance(Number(lab.holder.claims['exp']) * 1_000 - lab.clock.now() - 1);
    expect((await lab.ask(token)).status).toBe(200);
    expect((await lab.ask(spelling)).status).toBe(200);
    lab.clock.advance(1);
    expect((await lab.ask(token)).status).toBe(401);
    expect((await lab.ask(spelling)).status).toBe(401);
    expect((await lab.ask(token)).status).toBe(401);
  });

  describe.each(['session', 'signature'] as const)('under a key that retires: %s', (checking) => {
    const old = createPrivateKey(newPrivateKey('ES256'));
    const publicKey = createPublicKey(old).export({ type: 'spki', format: 'pem' }) as string;
    const inFiveMinutes = (): string => new Date(Date.now() + LIFE_MS / 3).toISOString();

    function tokenOfOldKey(): string {
      return forge({
        header: { typ: 'at+jwt', alg: 'ES256', kid: 'old' },
        payload: lab.holder.claims,
        sign: es256(old),
      });
    }

    it('are refused from that moment on', async () => {
      await start('EdDSA', {
        tokens: { checking, acceptedKeys: [{ publicKey, kid: 'old', notAfter: inFiveMinutes() }] },
      });
      const token = tokenOfOldKey();
      expect((await lab.ask(token)).status).toBe(200);
      lab.clock.advance(LIFE_MS / 3);
      for (const spelling of [token, token, withOtherS(token)]) expect((await lab.ask(spelling)).status).toBe(401);
      expect((await lab.ask(lab.holder.token)).status).toBe(200);
    });

    it('would pass, did it not retire', async () => {
      await start('EdDSA', { tokens: { checking, acceptedKeys: [{ publicKey, kid: 'old' }] } });
      const token = tokenOfOldKey();
      expect((await lab.ask(token)).status).toBe(200);
      lab.clock.advance(LIFE_MS / 3);
      expect((await lab.ask(token)).status).toBe(200);
    });

    it('are refused when it was derived from an accepted secret', async () => {
      const secret = 'mN3bV7cX1zL5kJ9hG2fD6sA0pQ4wE8rT-yU_iO';
      const acceptedSecrets = [{ secret, use: 'all' as const, notAfter: inFiveMinutes() }];
      await start('EdDSA', { tokens: { checking }, auth: { acceptedSecrets } });
      const derive = (info: string, bytes: number): Buffer =>
        Buffer.from(hkdfSync('sha256', Buffer.from(secret), Buffer.alloc(0), info, bytes));
      const kid = derive('kid/access-token', 6).toString('base64url');
      const key = createSecretKey(derive('gatehouse/access-token/v1', 32));
      const header = { typ: 'at+jwt', alg: 'HS256', kid };
      const token = forge({ header, payload: lab.holder.claims, sign: hs256(key) });
      expect((await lab.ask(token)).status).toBe(200);
      lab.clock.advance(LIFE_MS / 3);
      expect((await lab.ask(token)).status).toBe(401);
    });
  });

  it('are told apart when there are more of them than are remembered', async () => {
    await start('HS256');
    const accessTokens = lab.app.get(AccessTokens);
    const tokens = Array.from({ length: 5_001 }, (_, number) => lab.signed({ claims: { jti: `jti-${number}` } }));
    for (const [number, token] of tokens.entries()) {
      expect((await accessTokens.verify(token))?.jti).toBe(`jti-${number}`);
    }
    const known = [tokens[0]!, tokens[5_000]!];
    for (const token of known) expect(await lab.askRaw([`Bearer ${token}`])).toBe(200);
    await lab.app.get(Tokens).revoke(known[0]!);
    for (const token of known) expect(await lab.askRaw([`Bearer ${token}`])).toBe(401);
  });
});
