import { randomBytes } from 'node:crypto';

/** Random bytes as base64url text. 16 bytes are the 128 bits that ASVS 5.0 V7.2.3 asks of a reference token. */
export function randomToken(bytes = 16): string {
  return randomBytes(bytes).toString('base64url');
}

/** A UUID version 7 (RFC 9562 §5.7): sorts by creation time. An identifier of rows, never a secret. */
export function uuidv7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
