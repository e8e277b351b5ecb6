import { describe, expect, it } from 'vitest';
import { BREACH_DEADLINE_MS, BreachLookUp } from './breach-look-up.service.js';
import { BreachedPasswords } from './breached-passwords.js';

// SHA-1 of `password`, as printf password | sha1sum says.
const PREFIX = '5BAA6';
const SUFFIX = '1E4C9B93F3F0682250B6CF8331B7EE68FD8';

class Port extends BreachedPasswords {
  readonly asked: { prefix: string; signal: AbortSignal }[] = [];

  constructor(private readonly answer: () => unknown) {
    super();
  }

  override suffixes(prefix: string, signal: AbortSignal): Promise<string> {
    this.asked.push({ prefix, signal });
    return this.answer() as Promise<string>;
  }
}

function* endless(): Generator<string> {
  for (;;) yield 'F'.repeat(35);
}

describe('BreachLookUp', () => {
  it.each<[string, unknown]>([
    ['a text', `${'0'.repeat(35)}:3\r\n${SUFFIX}:9659365\r\n`],
    ['a text in lower case', SUFFIX.toLowerCase()],
    ['a list', ['0'.repeat(35), SUFFIX]],
    ['a set with counts', new Set([`${SUFFIX}:1`])],
  ])('finds a password in %s, by the prefix alone', async (_, answer) => {
    const port = new Port(() => Promise.resolve(answer));
    const lookUp = new BreachLookUp(port);
    expect(await lookUp.has('password')).toBe(true);
    expect(await lookUp.has('Password')).toBe(false);
    expect(port.asked[0]?.prefix).toBe(PREFIX);
    expect(port.asked.every(({ prefix }) => /^[0-9A-F]{5}$/.test(prefix))).toBe(true);
  });

  it.each<[string, () => unknown]>([
    ['padding', () => Promise.resolve(`${SUFFIX}:0`)],
    ['a longer digest', () => Promise.resolve(`${SUFFIX}F:1`)],
    ['text beside it', () => Promise.resolve(`not ${SUFFIX}:1`)],
    ['nothing', () => Promise.resolve('')],
    ['undefined', () => Promise.resolve(undefined)],
    ['a number', () => Promise.resolve(7)],
    ['things that are no text', () => Promise.resolve([null, {}, Symbol('x')])],
    ['an answer that never ends', () => Promise.resolve(endless())],
    ['10 MB of one line', () => Promise.resolve('A'.repeat(10_000_000))],
    ['a rejection', () => Promise.reject(new Error('gone'))],
    [
      'an exception',
      () => {
        throw new Error('gone');
      },
    ],
    ['no promise', () => `${'0'.repeat(35)}:1`],
  ])('takes %s for no answer', async (_, answer) => {
    expect(await new BreachLookUp(new Port(answer)).has('password')).toBe(false);
  });

  it('waits no longer than its deadline, and says so to whom it asked', async () => {
    const port = new Port(() => new Promise(() => undefined));
    const begun = performance.now();
    expect(await new BreachLookUp(port).has('password')).toBe(false);
    expect(performance.now() - begun).toBeGreaterThan(BREACH_DEADLINE_MS - 20);
    expect(performance.now() - begun).toBeLessThan(3 * BREACH_DEADLINE_MS);
    expect(port.asked[0]?.signal.aborted).toBe(true);
  });
});
