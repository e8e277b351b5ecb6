import { expect, it } from 'vitest';
import { slotOf } from './key-slot.js';

it.each([
  // The check value of CRC16/XMODEM, 0x31C3.
  ['123456789', 12_739],
  ['', 0],
  ['foo', 12_182],
  ['bar', 5_061],
  ['hello', 866],
])('%j is in slot %i', (key, slot) => expect(slotOf(key)).toBe(slot));

// The examples of the specification of Redis Cluster.
it.each([
  ['{user1000}.following', 'user1000'],
  ['{user1000}.followers', 'user1000'],
  ['foo{{bar}}zap', '{bar'],
  ['foo{bar}{zap}', 'bar'],
  ['{a}', 'a'],
  ['x{b}', 'b'],
  ['}x{b}', 'b'],
])('%s goes by %j', (key, tag) => expect(slotOf(key)).toBe(slotOf(tag)));

it.each(['foo{}{bar}', '{}foo', 'foo{bar', 'foo}bar{'])('%s goes by all of it', (key) => {
  for (const part of ['foo', 'bar', '', '{bar', 'foo{']) expect(slotOf(key)).not.toBe(slotOf(part));
});
