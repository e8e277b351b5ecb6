import { describe, expect, it } from 'vitest';
import { uuidv7 } from '../../common/random.js';
import { keyHash, keyIdIn, keyStart, newKeyText } from './api-key-text.js';

const ID = uuidv7(Date.now());

describe('the text of an API key', () => {
  it('has its label, its id, 256 random bits and six check digits', () => {
    const keys = new Set(Array.from({ length: 100 }, () => newKeyText('live', ID)));
    expect(keys.size).toBe(100);
    for (const key of keys) {
      expect(key).toMatch(/^gk_live_[0-9a-f]{32}_[0-9A-Za-z]{49}$/);
      expect(key.startsWith(keyStart('live', ID))).toBe(true);
      expect(keyIdIn(key)).toBe(ID);
    }
  });

  it('is found to be mistyped, whichever character it is', () => {
    const key = newKeyText('test', ID);
    for (let at = 0; at < key.length; at += 1) {
      for (const other of ['0', 'a', 'Z', '_', ' ']) {
        if (key[at] === other) continue;
        expect(keyIdIn(key.slice(0, at) + other + key.slice(at + 1)), `${at} ${other}`).toBeUndefined();
      }
    }
    for (const text of ['', 'gk_', `${key}0`, key.slice(0, -1), ` ${key}`, `${key}\n`, key.toUpperCase()]) {
      expect(keyIdIn(text)).toBeUndefined();
    }
  });

  it('is hashed with its id, under a label of its own', () => {
    const key = newKeyText('live', ID);
    expect(keyHash(ID, key)).toMatch(/^[\w-]{43}$/);
    expect(keyHash(uuidv7(0), key)).not.toBe(keyHash(ID, key));
    expect(keyHash(ID, newKeyText('live', ID))).not.toBe(keyHash(ID, key));
  });
});
