/** As much of DER (ITU-T X.690) as a certificate needs. Every function answers the bytes of one element. */
export function element(tag, ...parts) {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

function lengthOf({ length }) {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...parts) => element(0x30, ...parts);
export const set = (...parts) => element(0x31, ...parts);
export const utf8 = (text) => element(0x0c, Buffer.from(text));
export const octets = (content) => element(0x04, content);
export const bits = (content) => element(0x03, Buffer.from([0]), content);
export const yes = () => element(0x01, Buffer.from([0xff]));

/** A positive number, from bytes that begin with 1 to 127: the first bit is the sign. */
export const integer = (...bytes) => element(0x02, Buffer.from(bytes));

/** An object identifier in its dotted form. */
export function identifier(dotted) {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(number) {
  const digits = [number & 0x7f];
  for (let rest = number >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

/** UTCTime, which certificates carry for every moment before 2050 (RFC 5280 §4.1.2.5). */
export function time(date) {
  return element(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}
