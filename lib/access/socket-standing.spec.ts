import { describe, expect, it } from 'vitest';
import { hasLost, joined, type Standing } from './socket-standing.js';

const PLAIN: Standing = { roles: [], permissions: [], scopes: undefined, emailVerified: false, methods: [] };
const standing = (parts: Partial<Standing>): Standing => ({ ...PLAIN, ...parts });

describe('what a connection has had', () => {
  it.each([
    ['a role', { roles: ['a', 'b'] }, { roles: ['b'] }],
    ['a permission', { permissions: ['a:read'] }, {}],
    ['a scope', { scopes: ['a', 'b'] }, { scopes: ['a'] }],
    ['every scope', {}, { scopes: ['a'] }],
    ['the confirmed address', { emailVerified: true }, {}],
    ['a second factor', { methods: ['pwd', 'otp'] }, { methods: ['pwd'] }],
  ])('is lost with %s, and gaining it is no loss', (_, more, less) => {
    expect(hasLost(standing(more), standing(less))).toBe(true);
    expect(hasLost(standing(less), standing(more))).toBe(false);
    expect(hasLost(standing(more), standing(more))).toBe(false);
  });

  it('is lost although something else was gained', () => {
    expect(hasLost(standing({ roles: ['a'] }), standing({ roles: ['b', 'c'], emailVerified: true }))).toBe(true);
  });

  it('grows by what a later principal has', () => {
    const first = standing({ roles: ['a'], permissions: ['a:read'], scopes: ['x'] });
    const second = standing({ roles: ['b'], permissions: ['b:read'], scopes: ['x', 'y'], emailVerified: true });
    expect(joined(undefined, first)).toBe(first);
    expect(joined(first, second)).toEqual({
      roles: ['a', 'b'],
      permissions: ['a:read', 'b:read'],
      scopes: ['x', 'y'],
      emailVerified: true,
      methods: [],
    });
    expect(joined(first, PLAIN).scopes).toBeUndefined();
    expect(joined(PLAIN, first).scopes).toBeUndefined();
  });
});
