import { describe, expect, it } from 'vitest';
import { isRowId } from './row-id.js';
import { randomToken, uuidv7 } from './random.js';

describe('randomToken', () => {
  it('has 128 bits by default, and no two are the same', () => {
    const tokens = Array.from({ length: 100_000 }, () => randomToken());
    expect(tokens.every((token) => /^[A-Za-z0-9_-]{22}$/.test(token))).toBe(true);
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});

describe('uuidv7', () => {
  it('is a UUID of version 7 and variant 2 that sorts by time', () => {
    const early = uuidv7(1_700_000_000_000);
    const late = uuidv7(1_700_000_000_001);
    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(early.replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000);
    expect(early < late).toBe(true);
    expect(isRowId(early)).toBe(true);
  });
});

describe('isRowId', () => {
  it.each([undefined, null, 1, '', 'x', '\u0000', `${uuidv7(1)}x`, uuidv7(1).toUpperCase(), {}])(
    'refuses %j',
    (text) => {
      expect(isRowId(text)).toBe(false);
    },
  );
});
