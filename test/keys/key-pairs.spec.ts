import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { Fleet, ISSUER, type Values } from './fleet.js';
import { newPair, newSecret, type Pair, type PairKind } from './kit.js';
import { Traffic } from './traffic.js';

const MINUTE_MS = 60_000;
const KINDS: readonly PairKind[] = ['ec', 'ed25519', 'rsa'];
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** What another service asks of a token of ours (RFC 9068 §4). */
const rules = (fleet: Fleet) => ({
  issuer: ISSUER,
  audience: ISSUER,
  typ: 'at+jwt',
  requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
  currentDate: new Date(fleet.clock.now()),
});

const kidOf = (token: string): string => decodeProtectedHeader(token).kid!;

/** Another service that keeps the key set for exactly as long as the answer allows, and asks for nothing in between. */
class PatientService {
  private keys: JSONWebKeySet | undefined;
  private until = 0;

  constructor(private readonly fleet: Fleet) {}

  async verify(token: string): Promise<void> {
    if (this.fleet.clock.now() >= this.until) {
      const { body, headers } = await new Client(this.fleet.url).get('/.well-known/jwks.json');
      const [, seconds] = /^public, max-age=(\d+)$/.exec(headers.get('cache-control') ?? '')!;
      this.until = this.fleet.clock.now() + Number(seconds) * 1_000;
      this.keys = body;
    }
    await jwtVerify(token, createLocalJWKSet(this.keys!), rules(this.fleet));
  }
}

/** The usual one: it asks again when it meets a key id that it does not know. */
function eagerService(fleet: Fleet): (token: string) => Promise<unknown> {
  const url = new URL('/.well-known/jwks.json', fleet.url);
  const keys = createRemoteJWKSet(url, { cooldownDuration: 0 });
  return (token) => jwtVerify(token, keys, rules(fleet));
}

async function underWay(auth: Values): Promise<{ fleet: Fleet; traffic: Traffic }> {
  const fleet = await Fleet.start(auth);
  undo.push(() => fleet.close());
  const traffic = new Traffic(fleet);
  await traffic.start();
  undo.push(() => traffic.stop());
  await traffic.goesOn(1);
  return { fleet, traffic };
}

const signing = ({ privateKey }: Pair) => ({ privateKey });
const accepted = ({ publicKey }: Pair, notAfter?: string) =>
  notAfter === undefined ? { publicKey } : { publicKey, notAfter };

describe('new key pairs under traffic, on two nodes', () => {
  it('are published before they sign: nobody is refused, here or at other services', { timeout: 180_000 }, async () => {
    const secret = newSecret();
    const accessTtl = '2h' as const;
    const { fleet, traffic } = await underWay({ secret, tokens: { accessTtl } });
    const deploy = (tokens: Values['tokens']) =>
      fleet.roll({ secret, tokens: { accessTtl, ...tokens } }, () => traffic.goesOn());
    const patient = new PatientService(fleet);
    const others = [(token: string) => patient.verify(token), eagerService(fleet)];
    // Before there is a key pair, no other service could verify anything.
    for (const verify of others) {
      traffic.verifiers.push(
        async (token) => void (decodeProtectedHeader(token).alg === 'HS256' || (await verify(token))),
      );
    }
    const algorithms: (string | undefined)[] = [];
    const kept = [await traffic.tokens()];
    const ends: string[] = [];
    let before: Pair | undefined;

    for (const pair of KINDS.map(newPair)) {
      const now = before === undefined ? {} : { signingKey: signing(before) };
      await deploy({ ...now, acceptedKeys: [accepted(pair)] });
      await traffic.goesOn();
      await traffic.pass(5 * MINUTE_MS);
      const notAfter = new Date(fleet.clock.now() + 20 * MINUTE_MS).toISOString();
      await deploy({
        signingKey: signing(pair),
        acceptedKeys: before === undefined ? [] : [accepted(before, notAfter)],
      });
      await traffic.goesOn();
      const token = await traffic.tokens();
      algorithms.push(decodeProtectedHeader(token.access_token).alg);
      kept.push(token);
      ends.push(notAfter);
      before = pair;
    }
    expect(algorithms).toEqual(['ES256', 'EdDSA', 'RS256']);

    // The last rotation but one ends: its tokens are refused here, and there once the set is asked for anew.
    const [, , retired, current] = kept.map(({ access_token }) => access_token);
    const call = async (token: string) =>
      (await new Client(fleet.url).get('/pages/mine', { headers: { authorization: `Bearer ${token}` } })).status;
    const published = async () =>
      (await new Client(fleet.url).get('/.well-known/jwks.json')).body.keys as { kid: string }[];
    expect((await published()).map(({ kid }) => kid).sort()).toEqual([kidOf(retired!), kidOf(current!)].sort());
    expect([await call(retired!), await call(retired!)]).toEqual([200, 200]);
    await eagerService(fleet)(retired!);
    await traffic.pass(Date.parse(ends.at(-1)!) - fleet.clock.now() - 1);
    expect(await call(retired!)).toBe(200);
    await traffic.pass(1);
    expect([await call(retired!), await call(retired!)]).toEqual([401, 401]);
    expect((await published()).map(({ kid }) => kid)).toEqual([kidOf(current!)]);
    await expect(eagerService(fleet)(retired!)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    await eagerService(fleet)(current!);
    await traffic.goesOn();
    await traffic.stop();
    expect(traffic.surprises).toEqual([]);
  });

  it('are refused, here and at other services, when they sign unannounced: the twin', { timeout: 60_000 }, async () => {
    const secret = newSecret();
    const [before, next] = [newPair('ec'), newPair('ed25519')];
    const { fleet, traffic } = await underWay({ secret, tokens: { signingKey: signing(before) } });
    const patient = new PatientService(fleet);
    traffic.verifiers.push((token) => patient.verify(token));
    await traffic.goesOn();
    const surprises = () => traffic.surprises.map(({ who, what, status }) => `${who}: ${what} ${status}`).join('\n');
    // With one node of either kind, whoever is given a token by the new one comes to the old one sooner or later.
    const refused = () => expect.poll(surprises, { timeout: 20_000 }).toMatch(/calls with a new token 401/);
    await fleet.roll({ secret, tokens: { signingKey: signing(next), acceptedKeys: [accepted(before)] } }, async () => {
      await refused();
    });
    await traffic.goesOn();
    await traffic.stop();
    expect(surprises()).toMatch(/verifier 0: JWKSNoMatchingKey/);
  });
});
