export const SLOTS = 16_384;

const POLYNOMIAL = 0x1021;

/** The slot of a key as Redis Cluster computes it: CRC16 (XMODEM) of its hash tag, or of all of it. */
export function slotOf(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(hashTag(key))) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? POLYNOMIAL : 0)) & 0xffff;
  }
  return crc % SLOTS;
}

/** What stands between the first `{` and the next `}`, unless that is nothing. */
function hashTag(key: string): string {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}
