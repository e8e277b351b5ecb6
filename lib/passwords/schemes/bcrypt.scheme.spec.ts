import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import { BcryptScheme } from './bcrypt.scheme.js';

const scheme = new BcryptScheme((input, salt) => bcrypt.hash(input, salt));
const TAIL = `${'a'.repeat(22)}${'b'.repeat(31)}`;

describe('BcryptScheme', () => {
  it.each(['2a', '2b', '2y'])('verifies $%s$', async (revision) => {
    const stored = bcrypt.hashSync('password', 4).replace('$2b$', `$${revision}$`);
    const hash = scheme.read(stored);
    expect(hash).toMatchObject({ cost: 4, parameters: 'bcrypt,c=4' });
    expect(await hash?.matches('password')).toBe(true);
    expect(await hash?.matches('Password')).toBe(false);
    expect(await scheme.read(`${stored.slice(0, -1)}${stored.endsWith('.') ? '/' : '.'}`)?.matches('password')).toBe(
      false,
    );
  });

  it.each([
    ['04', 4],
    ['15', 15],
  ])('reads the cost %s', (digits, cost) => {
    expect(scheme.read(`$2b$${digits}$${TAIL}`)?.cost).toBe(cost);
  });

  it.each([
    `$2b$03$${TAIL}`,
    `$2b$16$${TAIL}`,
    `$2b$31$${TAIL}`,
    `$2b$4$${TAIL}`,
    `$2x$04$${TAIL}`,
    `$2$04$${TAIL}`,
    `$2b$04$${TAIL}c`,
    `$2b$04$${TAIL.slice(1)}`,
    ` $2b$04$${TAIL}`,
    `$2b$04$${TAIL.replace('a', '+')}`,
    '',
  ])('does not read %j', (text) => {
    expect(scheme.read(text)).toBeUndefined();
  });
});
