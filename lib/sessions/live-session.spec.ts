import { describe, expect, it } from 'vitest';
import { isWithinLife, type LiveSession } from './live-session.js';

const session = { lastSeenAt: 1_000, idleMs: 500, expiresAt: 1_400 } as LiveSession;

describe('the life of a session', () => {
  it('ends at the very millisecond of its absolute end', () => {
    expect(isWithinLife(session, 1_399)).toBe(true);
    expect(isWithinLife(session, 1_400)).toBe(false);
    expect(isWithinLife(session, 1_401)).toBe(false);
  });

  it('ends at the very millisecond of its idle end', () => {
    const idling = { ...session, expiresAt: 9_000 };
    expect(isWithinLife(idling, 1_499)).toBe(true);
    expect(isWithinLife(idling, 1_500)).toBe(false);
  });
});
