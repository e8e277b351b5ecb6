import { describe, expect, it } from 'vitest';
import { slotOf } from './key-slot.js';
import { redirectOf } from './redirect.js';
import { seedTarget } from './seed-target.js';
import { SlotMap } from './slot-map.js';

describe('what a cluster says of itself', () => {
  it('takes the host that was asked for one that is not named', () => {
    const reply = [
      [0, 8_000, ['10.0.0.1', 7_000, 'id', []], ['10.0.0.2', 7_000, 'id', []]],
      [8_001, 16_000, ['', 7_001, 'id', []]],
      [16_001, 16_383, [null, 7_002, 'id', []]],
    ];
    const map = SlotMap.parse(reply, 'asked.example.com')!;
    expect(map.masters).toEqual(['10.0.0.1:7000', 'asked.example.com:7001', 'asked.example.com:7002']);
    expect(map.complete).toBe(true);
    expect([map.ownerOf(8_000), map.ownerOf(8_001)]).toEqual(map.masters.slice(0, 2));
  });

  it('knows what is missing, and a node that has not joined', () => {
    expect(SlotMap.parse([[1, 16_383, ['a', 1]]], 'a')!.complete).toBe(false);
    expect(SlotMap.parse([], 'a')).toBeUndefined();
  });

  it('is the same where every slot has the same owner', () => {
    const halves = (border: number) =>
      SlotMap.parse(
        [
          [0, border, ['a', 1]],
          [border + 1, 16_383, ['b', 2]],
        ],
        'asked',
      )!;
    expect(halves(8_000).equals(halves(8_000))).toBe(true);
    expect(halves(8_000).equals(halves(8_001))).toBe(false);
  });

  it('names no owner of slots that nobody has, and asks a master for a key that it holds', () => {
    const map = SlotMap.parse(
      [
        [0, 5_000, ['?', 1]],
        [10_000, 16_383, ['b', 2]],
      ],
      'asked',
    )!;
    expect(map.masters).toEqual(['asked:1', 'b:2']);
    expect(map.ownerOf(7_000)).toBeUndefined();
    for (const master of map.masters) {
      expect(map.probeOf(master)).toMatch(/^gh:probe:\d+$/);
      expect(map.ownerOf(slotOf(map.probeOf(master)))).toBe(master);
    }
  });

  it.each([
    ['MOVED 3999 10.0.0.1:6381', { kind: 'moved', host: '10.0.0.1', port: 6_381 }],
    ['MOVED 3999 :6381', { kind: 'moved', host: '', port: 6_381 }],
    ['ASK 0 2001:db8::1:6381', { kind: 'ask', host: '2001:db8::1', port: 6_381 }],
    ['TRYAGAIN Multiple keys request during rehashing of slot', { kind: 'again' }],
    ['WRONGTYPE Operation against a key', undefined],
    ['MOVED elsewhere', undefined],
  ])('reads %s', (message, redirect) => {
    expect(redirectOf(new Error(message))).toEqual(redirect);
  });

  it.each([
    ['redis://h', { socket: { host: 'h', port: 6_379 } }],
    ['rediss://u:p%40ss@h:7000/0', { username: 'u', password: 'p@ss', socket: { host: 'h', port: 7_000, tls: true } }],
    ['redis://', { socket: { host: 'localhost', port: 6_379 } }],
    ['redis://:only@[::1]:7000', { password: 'only', socket: { host: '::1', port: 7_000 } }],
  ])('takes %s apart', (address, target) => {
    expect(seedTarget(address)).toEqual(target);
  });
});
