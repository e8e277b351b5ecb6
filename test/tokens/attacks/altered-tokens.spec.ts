import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessTokens } from '../../../lib/tokens/access-tokens.service.js';
import { ALGORITHMS } from './forge.js';
import { Lab } from './lab.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const BITS = [1, 2, 4, 8, 16, 32];

describe.each(ALGORITHMS)('An access token signed by %s', (algorithm) => {
  let lab: Lab;
  let accessTokens: AccessTokens;

  beforeAll(async () => {
    lab = await Lab.start(algorithm);
    accessTokens = lab.app.get(AccessTokens);
  });

  afterAll(() => lab.app.close());

  async function survivors(others: Iterable<string>): Promise<string[]> {
    const passed: string[] = [];
    for (const other of others) {
      if (other !== lab.holder.token && (await accessTokens.verify(other)) !== undefined) passed.push(other);
    }
    return passed;
  }

  it('is refused with any one bit of it turned', async () => {
    expect(await accessTokens.verify(lab.holder.token)).toBeDefined();
    expect(await survivors(turned(lab.holder.token))).toEqual([]);
  });

  it('is refused with any one character left out, doubled or replaced', async () => {
    const { token } = lab.holder;
    const replaced = [...token].flatMap((character, at) =>
      ['', character + character, '.', '=', ' ', '\0', 'Ａ'].map(
        (other) => token.slice(0, at) + other + token.slice(at + 1),
      ),
    );
    expect(await survivors(replaced)).toEqual([]);
  });

  it('is refused cut off anywhere', async () => {
    const { token } = lab.holder;
    expect(await survivors([...token].map((_, at) => token.slice(0, at)))).toEqual([]);
    expect(await survivors([...token].map((_, at) => token.slice(at + 1)))).toEqual([]);
  });
});

/** Every one of the six bits that a character stands for, unused ones at the end included. */
function* turned(token: string): Generator<string> {
  for (const [at, character] of [...token].entries()) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) continue;
    for (const bit of BITS) yield token.slice(0, at) + ALPHABET[value ^ bit]! + token.slice(at + 1);
  }
}
