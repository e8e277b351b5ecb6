import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const SECRET_BYTES = 32;
/** So many digits hold 256 bits. */
const SECRET_DIGITS = 43;
const CHECK_DIGITS = 6;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KEY = /^gk_[a-z0-9]{1,16}_([0-9a-f]{32})_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/;

/** What every key begins with, by which scanners of secrets find one. */
export const KEY_PREFIX = 'gk_';

/** `gk_<label>_<id>_<secret><check>`: letters, digits and `_` alone, so that a double click selects it whole. */
export function newKeyText(label: string, id: string): string {
  const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`), SECRET_DIGITS);
  const body = `${keyStart(label, id)}_${secret}`;
  return body + checkDigits(body);
}

/** The part of a key that is shown for good: it finds the key again, and opens nothing. */
export function keyStart(label: string, id: string): string {
  return `${KEY_PREFIX}${label}_${id.replaceAll('-', '')}`;
}

/** The id of a key that is well-formed and whose check digits are right, so that a typo costs no look-up. */
export function keyIdIn(text: string): string | undefined {
  const hex = KEY.exec(text)?.[1];
  if (hex === undefined || checkDigits(text.slice(0, -CHECK_DIGITS)) !== text.slice(-CHECK_DIGITS)) return undefined;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Of 256 random bits. The fixed label keeps it from being a hash of another purpose, and of another system. */
export function keyHash(id: string, text: string): string {
  return createHash('sha256').update(`gatehouse/api-key/v1\0${id}\0${text}`).digest('base64url');
}

/** CRC-32: finds typos, and tells scanners of secrets a key from what looks like one. It keeps nobody out. */
function checkDigits(body: string): string {
  return base62(BigInt(crc32(body)), CHECK_DIGITS);
}

function base62(value: bigint, length: number): string {
  let digits = '';
  for (let rest = value; digits.length < length; rest /= 62n) digits = DIGITS[Number(rest % 62n)]! + digits;
  return digits;
}
