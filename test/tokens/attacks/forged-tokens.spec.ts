import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tokens } from '../../../lib/index.js';
import type { Attack } from './attack.js';
import { CLAIM_ATTACKS } from './claim-attacks.js';
import { FORM_ATTACKS } from './form-attacks.js';
import { ALGORITHMS, newPrivateKey } from './forge.js';
import { HEADER_ATTACKS } from './header-attacks.js';
import { Lab } from './lab.js';
import { DEFENCES, passesWithout, type Defence } from './verifier-without.js';

const ATTACKS = [...HEADER_ATTACKS, ...CLAIM_ATTACKS, ...FORM_ATTACKS];

const SETUPS = [
  ...ALGORITHMS.map((algorithm) => ({ algorithm, checking: 'session' as const })),
  { algorithm: 'HS256' as const, checking: 'signature' as const },
];

/** Signed by the right key and once good: enough for whoever wants to sign out. */
const EXPIRED = ['exp now', 'exp a second ago'];

const publicKey = (): string =>
  createPublicKey(newPrivateKey('EdDSA')).export({ type: 'spki', format: 'pem' }) as string;

describe.each(SETUPS)('Forged access tokens where $algorithm signs, by $checking', ({ algorithm, checking }) => {
  let lab: Lab;
  const attacks = ATTACKS.filter(({ on }) => on === undefined || on.includes(algorithm));

  beforeAll(async () => {
    const notAfter = new Date(Date.now() + 1_000).toISOString();
    const acceptedKeys = [
      { publicKey: publicKey(), kid: 'accepted' },
      { publicKey: publicKey(), kid: 'retired', notAfter },
    ];
    lab = await Lab.start(algorithm, { tokens: { acceptedKeys, checking } });
    lab.clock.advance(2_000);
  });

  afterAll(() => lab.app.close());

  it('are held against one that is good, also as the tests write it', async () => {
    expect((await lab.ask(lab.holder.token)).body).toEqual({ userId: lab.holder.userId, via: 'bearer' });
    expect((await lab.ask(lab.signed())).status).toBe(200);
    expect(passesWithout(lab, [], lab.holder.token)).toBe(true);
  });

  it('are refused at a guarded route', async () => {
    const passed: string[] = [];
    for (const attack of attacks.filter(({ overHttp }) => overHttp !== false)) {
      const { status, headers } = await lab.ask(attack.forge(lab));
      const challenge = headers.get('www-authenticate');
      if (status !== 401 || challenge !== 'Bearer error="invalid_token"') passed.push(`${attack.name}: ${status}`);
    }
    expect(passed).toEqual([]);
    expect((await lab.ask(lab.holder.token)).status).toBe(200);
  });

  it('are nothing to the application, and end nobody’s session', async () => {
    const tokens = lab.app.get(Tokens);
    const victim = lab.holder.token;
    const passed: string[] = [];
    for (const { name, forge } of attacks) {
      const token = forge(lab);
      if ((await tokens.verify(token)) !== undefined) passed.push(`${name}: verify`);
      if ((await tokens.introspect(token)).active) passed.push(`${name}: introspect`);
      if (!EXPIRED.includes(name)) await tokens.revoke(token);
      if ((await tokens.verify(victim)) === undefined) throw new Error(`${name} has ended the session`);
    }
    expect(passed).toEqual([]);
  });

  it('pass where exactly the defence against them is missing', () => {
    const wrong: string[] = [];
    for (const attack of attacks) {
      const token = attack.forge(lab);
      for (const removed of subsetsOf(attack)) {
        const expected = attack.stoppedBy.every((defence) => removed.includes(defence));
        if (passesWithout(lab, removed, token) !== expected) {
          wrong.push(`${attack.name}: ${expected ? 'refused' : 'accepted'} without ${removed.join(', ') || 'nothing'}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('leave no defence that stops nothing by itself', () => {
    const alone = new Set(
      attacks.filter(({ stoppedBy }) => stoppedBy.length === 1).map(({ stoppedBy }) => stoppedBy[0]),
    );
    expect(DEFENCES.filter((defence) => !alone.has(defence))).toEqual([]);
  });

  it('say at least whose session is to end when they were once good (RFC 7009 §2.1)', async () => {
    const expired = lab.signed({ claims: { iat: lab.now - 1_800, exp: lab.now - 900 } });
    const tokens = lab.app.get(Tokens);
    expect(await tokens.verify(expired)).toBeUndefined();
    expect(await tokens.verify(lab.holder.token)).toBeDefined();
    await tokens.revoke(expired);
    expect(await tokens.verify(lab.holder.token)).toBeUndefined();
  });
});

/** Nothing; each defence alone; all that stop the attack; all of these but one. */
function subsetsOf({ stoppedBy }: Attack): (readonly Defence[])[] {
  const allButOne = stoppedBy.map((left) => stoppedBy.filter((defence) => defence !== left));
  return [[], ...DEFENCES.map((defence) => [defence]), [...stoppedBy], ...allButOne];
}
