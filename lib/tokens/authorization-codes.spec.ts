import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { TestClock } from '../testing/test-clock.js';
import { AuthorizationCodes, type CodeGrant } from './authorization-codes.js';

// The example of RFC 7636 appendix B.
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const GRANT: CodeGrant = {
  userId: 'u1',
  epoch: 3,
  sessionId: 's1',
  scope: 'read',
  methods: ['pwd'],
  authenticatedAt: 1,
  freshUntil: 2,
};

/** Lets somebody else come in between when a value has been taken. */
class InterruptedStore extends MemoryStateStore {
  onceTaken: () => Promise<unknown> = () => Promise.resolve();

  override async take(key: string): Promise<string | null> {
    const value = await super.take(key);
    await this.onceTaken();
    return value;
  }
}

describe('authorization codes', () => {
  let clock: TestClock;
  let codes: AuthorizationCodes;
  beforeEach(() => {
    clock = new TestClock();
    codes = new AuthorizationCodes(new MemoryStateStore(clock));
  });

  it('are taken once, with the verifier of their challenge', async () => {
    const code = await codes.issue(GRANT, CHALLENGE);
    expect(code).toMatch(/^[\w-]{43}$/);
    expect(await codes.issue(GRANT, CHALLENGE)).not.toBe(code);
    expect(await codes.take(code, VERIFIER)).toEqual(GRANT);
    expect(await codes.take(code, VERIFIER)).toBeUndefined();
  });

  it('go to one of any number of takers', async () => {
    const code = await codes.issue(GRANT, CHALLENGE);
    const taken = await Promise.all(Array.from({ length: 30 }, () => codes.take(code, VERIFIER)));
    expect(taken.filter((grant) => grant !== undefined)).toEqual([GRANT]);
  });

  it.each([CHALLENGE, `${VERIFIER}A`, VERIFIER.slice(1), '', 'é'.repeat(43), VERIFIER.repeat(3)])(
    'are spent by another verifier: %s',
    async (verifier) => {
      const code = await codes.issue(GRANT, CHALLENGE);
      expect(await codes.take(code, verifier)).toBeUndefined();
      expect(await codes.take(code, VERIFIER)).toBeUndefined();
    },
  );

  it('take verifiers of 43 to 128 characters', async () => {
    for (const verifier of ['x'.repeat(43), `${'~.-_'.repeat(31)}9999`]) {
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      expect(await codes.take(await codes.issue(GRANT, challenge), verifier)).toEqual(GRANT);
      const long = `${verifier}${'x'.repeat(128)}`;
      const other = createHash('sha256').update(long).digest('base64url');
      expect(await codes.take(await codes.issue(GRANT, other), long)).toBeUndefined();
    }
  });

  it('live for a minute', async () => {
    const [early, late] = [await codes.issue(GRANT, CHALLENGE), await codes.issue(GRANT, CHALLENGE)];
    clock.advance(59_999);
    expect(await codes.take(early, VERIFIER)).toEqual(GRANT);
    clock.advance(1);
    expect(await codes.take(late, VERIFIER)).toBeUndefined();
  });

  it('tell for ten minutes what they began', async () => {
    const code = await codes.issue(GRANT, CHALLENGE);
    await codes.take(code, VERIFIER);
    expect(await codes.noteSpent(code, { userId: 'u1', sid: 'x' })).toBe(true);
    clock.advance(10 * 60_000 - 1);
    for (let times = 0; times < 2; times += 1) expect(await codes.replayed(code)).toEqual({ userId: 'u1', sid: 'x' });
    clock.advance(1);
    expect(await codes.replayed(code)).toBeUndefined();
  });

  it('begin nothing when they come again on the way', async () => {
    const code = await codes.issue(GRANT, CHALLENGE);
    expect(await codes.take(code, VERIFIER)).toEqual(GRANT);
    for (let times = 0; times < 2; times += 1) expect(await codes.replayed(code)).toBeUndefined();
    expect(await codes.noteSpent(code, { userId: 'u1', sid: 'x' })).toBe(false);
    expect(await codes.replayed(code)).toBeUndefined();
  });

  it('are noted as come again at the very moment at which they are taken', async () => {
    const store = new InterruptedStore(clock);
    const interrupted = new AuthorizationCodes(store);
    const code = await interrupted.issue(GRANT, CHALLENGE);
    store.onceTaken = async () => expect(await interrupted.replayed(code)).toBeUndefined();
    expect(await interrupted.take(code, VERIFIER)).toEqual(GRANT);
    expect(await interrupted.noteSpent(code, { userId: 'u1', sid: 'x' })).toBe(false);
  });

  it('that nobody was given leave nothing behind', async () => {
    expect(await codes.take('invented', VERIFIER)).toBeUndefined();
    expect(await codes.replayed('invented')).toBeUndefined();
    expect(await codes.noteSpent('invented', { userId: 'u1', sid: 'x' })).toBe(false);
  });

  it.each(['', VERIFIER.slice(1), `${CHALLENGE}=`, `${CHALLENGE.slice(1)}+`, `${CHALLENGE} `])(
    'are not made for what is no S256 challenge: %j',
    async (challenge) => {
      await expect(codes.issue(GRANT, challenge)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    },
  );
});
