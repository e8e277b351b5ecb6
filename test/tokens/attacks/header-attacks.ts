import { createPublicKey, hkdfSync } from 'node:crypto';
import { SECRET } from '../../support/app.js';
import { each, type Attack } from './attack.js';
import { forge, hs256, ps256, signerOf, strangerKey, type Draft } from './forge.js';
import type { Lab } from './lab.js';
import { secretsOf } from './verifier-without.js';

const KEY_PAIRS = ['RS256', 'ES256', 'EdDSA'] as const;
const UNSIGNED = (): Buffer => Buffer.alloc(0);
const JUNK = (): Buffer => Buffer.from('anything');

/** A token of the holder with another header, signed as it is told. */
function draft(lab: Lab, header: object, sign: Draft['sign']): string {
  return forge({ header: { ...lab.header, ...header }, payload: lab.holder.claims, sign });
}

function stranger(lab: Lab, header: (jwk: object) => object = () => ({})): string {
  const key = strangerKey(lab.algorithm);
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const alg = lab.algorithm === 'HS256' ? 'RS256' : lab.algorithm;
  return draft(lab, header({ ...jwk, alg }), signerOf(alg, key));
}

function derived(info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(SECRET), Buffer.alloc(0), info, bytes));
}

const NONE = ['none', 'None', 'NONE', 'nOnE'];
const LABELS = ['HS384', 'RS384', 'PS256', 'ES384', 'Ed25519', 'hs256', 'rs256', 'es256', 'eddsa', 'constructor'];
const PURPOSES = ['session-cookie', 'device-cookie', 'csrf', 'refresh-token', 'identifier', 'seal'];

/** RFC 8725 §2.1, §3.1 and §3.2. */
const ALGORITHM_ATTACKS: Attack[] = [
  ...each('alg none without signature:', NONE, ['form', 'alg'], (lab, alg) => draft(lab, { alg }, UNSIGNED)),
  ...each('alg none with some signature:', NONE, ['alg'], (lab, alg) => draft(lab, { alg }, JUNK)),
  ...each('alg, our signature:', [undefined, null, '', 1, [], {}, ...LABELS], ['alg'], (lab, alg) =>
    draft(lab, { alg }, lab.sign),
  ),
  {
    name: 'alg as a list that holds the right one',
    stoppedBy: ['alg'],
    forge: (lab) => draft(lab, { alg: [lab.algorithm] }, lab.sign),
  },
  ...(['HS256', ...KEY_PAIRS] as const).flatMap((alg) => ({
    name: `our key under the name of ${alg}`,
    stoppedBy: ['alg'],
    on: (['HS256', ...KEY_PAIRS] as const).filter((other) => other !== alg && alg !== 'HS256'),
    forge: (lab: Lab) => draft(lab, { alg }, lab.sign),
  })),
  ...[0, 1, 2, 3].map((form) => ({
    name: `HMAC with the public key as ${['PEM', 'PEM without line end', 'DER', 'JWK'][form]} for its secret`,
    stoppedBy: ['alg'],
    on: KEY_PAIRS,
    forge: (lab: Lab) => draft(lab, { alg: 'HS256' }, hs256(secretsOf(lab.keys.signing.verifyKey)[form]!)),
  })),
  {
    name: 'the same under the name of the right algorithm',
    stoppedBy: ['signature'],
    on: KEY_PAIRS,
    forge: (lab) => draft(lab, {}, hs256(secretsOf(lab.keys.signing.verifyKey)[0]!)),
  },
  {
    name: 'RSASSA-PSS by the right key',
    stoppedBy: ['signature'],
    on: ['RS256'],
    forge: (lab) => draft(lab, {}, ps256(lab.keys.signing.signKey)),
  },
];

const KEY_ATTACKS: Attack[] = [
  { name: 'the key of a stranger', stoppedBy: ['signature'], on: KEY_PAIRS, forge: (lab) => stranger(lab) },
  ...each('as secret', ['', 'secret', SECRET, '\0'.repeat(32)], ['signature'], (lab, secret) =>
    draft(lab, {}, hs256(secret)),
  ),
  ...each('the key of another purpose, under our kid:', PURPOSES, ['signature'], (lab, purpose) =>
    draft(lab, {}, hs256(derived(`gatehouse/${purpose}/v1`, 32))),
  ),
  ...each('the key of another purpose, under its own kid:', PURPOSES, ['key', 'signature'], (lab, purpose) => {
    const kid = derived(`kid/${purpose}`, 6).toString('base64url');
    return draft(lab, { kid }, hs256(derived(`gatehouse/${purpose}/v1`, 32)));
  }),
  {
    name: 'our key pair under the kid of the secret',
    stoppedBy: ['alg', 'signature'],
    on: KEY_PAIRS,
    forge: (lab) => draft(lab, { kid: derived('kid/access-token', 6).toString('base64url') }, lab.sign),
  },
  {
    name: 'our key under the kid of an accepted one',
    stoppedBy: ['signature'],
    on: ['EdDSA'],
    forge: (lab) => draft(lab, { kid: 'accepted' }, lab.sign),
  },
  {
    name: 'our key under the kid of an accepted one of another algorithm',
    stoppedBy: ['alg', 'signature'],
    on: ['HS256', 'RS256', 'ES256'],
    forge: (lab) => draft(lab, { kid: 'accepted' }, lab.sign),
  },
  {
    name: 'our key under the kid of a retired one',
    stoppedBy: ['key'],
    forge: (lab) => draft(lab, { kid: 'retired' }, lab.sign),
  },
];

const KIDS = [
  ...[undefined, null, '', 0, 1, true, [], {}, ' ', '*', 'x', 'a\0b'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', '0'],
  ...["x' UNION SELECT 'secret' --", "' OR 1=1; --", '$(id)', '`id`', '| id', '${7*7}', '%00'],
  ...['https://attacker.example/key', 'file:///etc/passwd', '../../../../etc/hostname-of-nobody', 'C:\\key'],
  'k'.repeat(5_000),
];

/** RFC 8725 §3.10: what stands in `kid` is compared, and nothing else is looked at. */
const KID_ATTACKS: Attack[] = [
  ...each('kid, our signature:', KIDS, ['key'], (lab, kid) => draft(lab, { kid }, lab.sign)),
  ...each(
    'kid as the path of an empty file:',
    ['/dev/null', '../../../../../../../../../../../../dev/null'],
    ['key'],
    (lab, kid) => draft(lab, { kid, alg: 'HS256' }, hs256('')),
  ),
  ...(['list', 'upper', 'space before', 'space behind', 'object'] as const).map((how) => ({
    name: `our kid in another form: ${how}`,
    stoppedBy: ['key'],
    forge: (lab: Lab) => {
      const kid = String(lab.header['kid']);
      const forms = {
        list: [kid],
        upper: `${kid.toUpperCase()}${kid.toLowerCase()}`,
        'space before': ` ${kid}`,
        'space behind': `${kid} `,
        object: { kid },
      };
      return draft(lab, { kid: forms[how] }, lab.sign);
    },
  })),
  {
    name: 'a key of its own in jwk (CVE-2018-0114)',
    stoppedBy: ['key'],
    forge: (lab) => stranger(lab, (jwk) => ({ alg: (jwk as { alg: string }).alg, kid: 'attacker', jwk })),
  },
  {
    name: 'a key of its own in jwk, without kid',
    stoppedBy: ['key'],
    forge: (lab) => stranger(lab, (jwk) => ({ alg: (jwk as { alg: string }).alg, kid: undefined, jwk })),
  },
  ...(['jwk', 'jku', 'x5u', 'x5c'] as const).map((member) => ({
    name: `a key of its own in ${member}, under our kid`,
    stoppedBy: ['signature'],
    on: KEY_PAIRS,
    forge: (lab: Lab) =>
      stranger(lab, (jwk) => {
        const url = 'https://attacker.example/keys';
        return { [member]: { jwk, jku: url, x5u: url, x5c: ['MIIB'] }[member] };
      }),
  })),
];

const TYPES = [
  ...[undefined, null, '', 1, ['at+jwt'], 'JWT', 'jwt', 'JWS', 'at+JWT', 'AT+JWT', ' at+jwt', 'at+jwt ', 'at jwt'],
  ...['application/at+jwt', 'id_token', 'id+jwt', 'refresh+jwt', 'rt+jwt', 'logout+jwt', 'dpop+jwt', 'secevent+jwt'],
];

const CRITICAL = [['exp'], ['b64'], ['kid'], ['alg', 'typ'], ['unknown'], [], [1], 'exp', null, false, {}, 0];

export const HEADER_ATTACKS: readonly Attack[] = [
  ...ALGORITHM_ATTACKS,
  ...KEY_ATTACKS,
  ...KID_ATTACKS,
  ...each('typ, our signature:', TYPES, ['typ'], (lab, typ) => draft(lab, { typ }, lab.sign)),
  ...each('crit, our signature:', CRITICAL, ['crit'], (lab, crit) => draft(lab, { crit, b64: true }, lab.sign)),
  {
    name: 'b64 false, as crit says',
    stoppedBy: ['crit'],
    forge: (lab) => draft(lab, { crit: ['b64'], b64: false }, lab.sign),
  },
];
