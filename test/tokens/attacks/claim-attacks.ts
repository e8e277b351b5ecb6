import { CLAIM_RULES } from '../../../lib/tokens/access-token-rules.js';
import { deflateRawSync } from 'node:zlib';
import { each, type Attack } from './attack.js';
import { forge } from './forge.js';
import type { Lab } from './lab.js';

const OURS = 'http://127.0.0.1:3000';
const NO_TEXT = [undefined, null, '', 0, 1, true, [], ['x'], {}];
const NO_TEXTS = [
  undefined,
  null,
  '',
  'admin',
  'pwd',
  0,
  true,
  {},
  { 0: 'admin', length: 1 },
  [1],
  [null],
  [''],
  [['x']],
];
const ELSEWHERE = [
  ...[undefined, null, '', 0, [], {}, [OURS], [OURS, OURS], `${OURS}/`, OURS.slice(0, -1), `${OURS}0`, ` ${OURS}`],
  ...[OURS.toUpperCase(), OURS.replace('http', 'https'), 'http://attacker.example', `${OURS}@attacker.example`],
];

/** A token of our own key with one claim that is not as we write it. */
function claim(lab: Lab, name: string, value: unknown): string {
  return lab.signed({ claims: { [name]: value } });
}

/** The same where the value is no JSON that `JSON.stringify` would write. */
function rawClaim(lab: Lab, name: string, text: string): string {
  const payload = JSON.stringify({ ...lab.holder.claims, [name]: '#' }).replace('"#"', text);
  return forge({ header: lab.header, payload, sign: lab.sign });
}

/** RFC 7519 §4.1, RFC 9068 §2.2 and §4, RFC 8725 §3.8 and §3.9. */
const TEXT_ATTACKS: Attack[] = [
  ...each('iss', ELSEWHERE, ['iss'], (lab, value) => claim(lab, 'iss', value)),
  ...each('aud', [...ELSEWHERE, [OURS, 'other']], ['aud'], (lab, value) => claim(lab, 'aud', value)),
  ...each('sub', NO_TEXT, ['sub'], (lab, value) => claim(lab, 'sub', value)),
  ...each('jti', NO_TEXT, ['jti'], (lab, value) => claim(lab, 'jti', value)),
  ...each('sid', [...NO_TEXT, 'short', 'x'.repeat(21), 'x'.repeat(23), `${'x'.repeat(21)}.`], ['sid'], (lab, value) =>
    claim(lab, 'sid', value),
  ),
  ...(['line end', 'list'] as const).map((how) => ({
    name: `our sid in another form: ${how}`,
    stoppedBy: ['sid'],
    forge: (lab: Lab) => {
      const sid = String(lab.holder.claims['sid']);
      return claim(lab, 'sid', how === 'list' ? [sid] : `${sid}\n`);
    },
  })),
  ...each('scope', [undefined, null, 1, [], ['admin'], {}], ['scope'], (lab, value) => claim(lab, 'scope', value)),
  ...each('roles', NO_TEXTS, ['roles'], (lab, value) => claim(lab, 'roles', value)),
  ...each('amr', NO_TEXTS, ['amr'], (lab, value) => claim(lab, 'amr', value)),
  ...each('email_verified', [undefined, null, 'true', 1, []], ['email_verified'], (lab, value) =>
    claim(lab, 'email_verified', value),
  ),
  ...each('auth_time', [undefined, null, 'now', '1', 0, -1, 1.5, [1], 1e12], ['auth_time'], (lab, value) =>
    claim(lab, 'auth_time', value),
  ),
  ...each(
    'session',
    [undefined, null, 's', 1, [], {}, { id: 's' }, { id: 1, end: 1, fresh: 1 }, { id: 's', end: '1', fresh: 1 }],
    ['session'],
    (lab, value) => claim(lab, 'session', value),
  ),
];

type Times = Readonly<Record<string, unknown>>;
type TimesOf = (now: number) => Times;

const TIMES: Readonly<Record<string, readonly [stoppedBy: readonly string[], times: TimesOf]>> = {
  'exp missing': [['exp', 'life'], () => ({ exp: undefined })],
  'exp null': [['exp', 'life'], () => ({ exp: null })],
  'exp a word': [['exp', 'life'], () => ({ exp: 'tomorrow' })],
  'exp "NaN"': [['exp', 'life'], () => ({ exp: 'NaN' })],
  'exp negative': [['exp', 'life'], () => ({ exp: -1 })],
  'exp 0': [['exp', 'life'], () => ({ exp: 0 })],
  'exp true': [['exp', 'life'], () => ({ exp: true })],
  'exp an object': [['exp', 'life'], () => ({ exp: {} })],
  'exp in the year 10000': [['exp', 'life'], () => ({ exp: 253_402_300_800 })],
  'exp in milliseconds': [['exp', 'life'], (now) => ({ exp: (now + 60) * 1_000 })],
  'exp as text': [['exp'], (now) => ({ exp: String(now + 60) })],
  'exp in a list': [['exp'], (now) => ({ exp: [now + 60] })],
  'exp not whole': [['exp'], (now) => ({ exp: now + 60.5 })],
  'exp now': [['exp'], (now) => ({ exp: now, iat: now - 900 })],
  'exp a second ago': [['exp'], (now) => ({ exp: now - 1, iat: now - 901 })],
  'exp before iat, both to come': [['life'], (now) => ({ exp: now + 10, iat: now + 20 })],
  'exp and iat the same': [['life'], (now) => ({ exp: now + 20, iat: now + 20 })],
  'a life of 24 hours and a second': [['life'], (now) => ({ exp: now + 86_401, iat: now })],
  'a life of ten years, half over': [['life'], (now) => ({ exp: now + 157_680_000, iat: now - 157_680_000 })],
  'iat missing': [['iat', 'life'], () => ({ iat: undefined })],
  'iat a word': [['iat', 'life'], () => ({ iat: 'today' })],
  'iat negative': [['iat', 'life'], () => ({ iat: -1 })],
  'iat 0': [['iat', 'life'], () => ({ iat: 0 })],
  'iat as text': [['iat'], (now) => ({ iat: String(now) })],
  'iat in a list': [['iat'], (now) => ({ iat: [now] })],
  'iat not whole': [['iat'], (now) => ({ iat: now - 0.5 })],
  'iat 31 seconds ahead': [['iat'], (now) => ({ iat: now + 31 })],
  'iat an hour ahead': [['iat'], (now) => ({ iat: now + 3_600, exp: now + 3_700 })],
  'nbf 31 seconds ahead': [['nbf'], (now) => ({ nbf: now + 31 })],
  'nbf as text': [['nbf'], (now) => ({ nbf: String(now) })],
  'nbf null': [['nbf'], () => ({ nbf: null })],
  'nbf 0': [['nbf'], () => ({ nbf: 0 })],
  'nbf not whole': [['nbf'], (now) => ({ nbf: now - 0.5 })],
  'nbf in a list': [['nbf'], (now) => ({ nbf: [now] })],
};

const TIME_ATTACKS: Attack[] = [
  ...Object.entries(TIMES).map(([name, [stoppedBy, times]]) => ({
    name,
    stoppedBy,
    forge: (lab: Lab) => lab.signed({ claims: times(lab.now) }),
  })),
  ...each('exp, as it stands in JSON:', ['1e400', '-1e400', '1e11'], ['exp', 'life'], (lab, text) =>
    rawClaim(lab, 'exp', text),
  ),
  ...each('iat, as it stands in JSON:', ['1e400', '-1e400'], ['iat', 'life'], (lab, text) =>
    rawClaim(lab, 'iat', text),
  ),
  ...each('nbf, as it stands in JSON:', ['1e400', '-1e400'], ['nbf'], (lab, text) => rawClaim(lab, 'nbf', text)),
];

/** A payload that says nothing meets none of the rules but that of `nbf`, which may be missing. */
const WHATEVER_IS_NO_OBJECT = ['payload', ...CLAIM_RULES.map(({ name }) => name).filter((name) => name !== 'nbf')];

const PAYLOADS: Readonly<Record<string, (lab: Lab) => unknown>> = {
  'an empty list': () => [],
  'our claims in a list': (lab) => [lab.holder.claims],
  text: () => '"text"',
  'our claims as text': (lab) => JSON.stringify(JSON.stringify(lab.holder.claims)),
  'a number': () => '1',
  null: () => 'null',
  true: () => 'true',
  'no JSON': () => 'foo',
  'a space': () => ' ',
  'our claims and more behind them': (lab) => `${JSON.stringify(lab.holder.claims)}x`,
  'our claims behind a byte order mark': (lab) => `\uFEFF${JSON.stringify(lab.holder.claims)}`,
  'our claims in UTF-16': (lab) => Buffer.from(JSON.stringify(lab.holder.claims), 'utf16le'),
  'our claims compressed (zip)': (lab) => deflateRawSync(JSON.stringify(lab.holder.claims)),
  'a token of ours (nested)': (lab) => lab.holder.token,
};

const PAYLOAD_ATTACKS: Attack[] = [
  ...Object.entries(PAYLOADS).map(([name, payload]) => ({
    name: `as payload ${name}`,
    stoppedBy: WHATEVER_IS_NO_OBJECT,
    forge: (lab: Lab) => lab.signed({ payload: payload(lab), header: { zip: 'DEF', cty: 'JWT' } }),
  })),
  {
    name: 'a byte in the payload that is no UTF-8',
    stoppedBy: ['payload'],
    forge: (lab) => {
      const [before = '', behind = ''] = JSON.stringify({ ...lab.holder.claims, note: '#' }).split('#');
      return lab.signed({ payload: Buffer.concat([Buffer.from(before), Buffer.of(0xff), Buffer.from(behind)]) });
    },
  },
];

export const CLAIM_ATTACKS: readonly Attack[] = [...TEXT_ATTACKS, ...TIME_ATTACKS, ...PAYLOAD_ATTACKS];
