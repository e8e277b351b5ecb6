import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuthHooks } from '../../lib/index.js';
import { LAB_CLIENT, SessionLab } from '../../test/support/session-lab.js';
import type { AuthError } from '../errors/auth-error.js';
import type { BeforeSignIn } from '../hooks/auth-hooks.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
import { RefreshRotation } from './refresh-rotation.service.js';
import { RefreshTokens } from './refresh-tokens.js';

const GRACE_MS = 30_000;
const ELSEWHERE = { address: '203.0.113.9', userAgent: 'another' };

class ToldHooks extends AuthHooks {
  answer: unknown = undefined;
  asked: BeforeSignIn[] = [];

  override beforeSignIn(signIn: BeforeSignIn): boolean | void {
    this.asked.push(signIn);
    if (this.answer instanceof Error) throw this.answer;
    return this.answer as boolean | void;
  }
}

describe('the rotation of refresh tokens', () => {
  let lab: SessionLab;
  let session: LoginSession;
  const hooks = new ToldHooks();

  beforeAll(async () => {
    lab = await SessionLab.start(
      { tokens: { scopes: { read: 'everyone', write: ['editor'] } } },
      { override: (builder) => builder.overrideProvider(AuthHooks).useValue(hooks) },
    );
  });
  afterAll(() => lab.close());

  beforeEach(async () => {
    session = await lab.open(await lab.person('editor'), { scopes: ['read', 'write'] });
    await lab.events();
    await lab.letters();
  });
  afterEach(() => {
    hooks.answer = undefined;
    hooks.asked = [];
  });

  const token = (generation: number): string =>
    lab.app.get(RefreshTokens).write({ userId: session.userId, sid: session.sid, generation });
  const refresh = (generation: number, more: object = {}) =>
    lab.app.get(RefreshRotation).refresh({ refreshToken: token(generation), client: LAB_CLIENT, ...more });
  const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
    attempt.then(
      () => 'none',
      (error: AuthError) => error.code ?? error,
    );

  /** A session that has rotated, `ago` before now. */
  async function rotated(times: number, ago: number): Promise<void> {
    await lab.alter(session.id, { generation: times, rotatedAt: lab.clock.now() - ago });
  }

  it('hands out the successor, and asks the hook for this client', async () => {
    const answer = await refresh(0);
    expect(answer).toMatchObject({
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'read write',
      refresh_token: token(1),
    });
    expect(answer.access_token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(hooks.asked).toEqual([{ userId: session.userId, method: 'refresh', ...LAB_CLIENT }]);
    expect(await lab.row(session.id)).toMatchObject({ generation: 1, rotatedAt: lab.clock.now() });
    expect(await lab.events()).toEqual([]);
  });

  it('gives fewer scopes to who asks for fewer, and none that was not granted', async () => {
    expect((await refresh(0, { scope: 'read' })).scope).toBe('read');
    expect(await codeOf(refresh(1, { scope: 'read other' }))).toBe('VALIDATION_FAILED');
    expect((await lab.row(session.id)).generation).toBe(1);
  });

  it('answers the one before with the same successor within the grace, to its last millisecond', async () => {
    await rotated(4, GRACE_MS);
    expect((await refresh(3)).refresh_token).toBe(token(4));
    expect(await lab.row(session.id)).toMatchObject({ generation: 4, rotatedAt: lab.clock.now() - GRACE_MS });
    expect(await lab.events()).toEqual([]);
  });

  it.each([
    ['after the grace', 3, GRACE_MS + 1],
    ['two behind, within the grace', 2, 0],
  ])('takes a spent one for reuse %s: one event, one letter, the session ends', async (_when, generation, ago) => {
    await rotated(4, ago);
    expect(await codeOf(refresh(generation, { client: ELSEWHERE, locale: 'de' }))).toBe('REFRESH_TOKEN_REUSED');
    expect((await lab.row(session.id)).revokedAt).toBe(lab.clock.now());
    expect(await lab.events()).toMatchObject([
      { type: 'refresh.reused', outcome: 'failure', subjectId: session.userId, address: ELSEWHERE.address },
    ]);
    const letters = await lab.letters();
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({ kind: 'refresh-token-reused', userId: session.userId, locale: 'de' });
    expect(await codeOf(refresh(generation))).toBe('INVALID_REFRESH_TOKEN');
    expect([await lab.events(), await lab.letters()]).toEqual([[], []]);
  });

  it('takes a spent one for reuse also where the hook refuses or fails', async () => {
    await rotated(4, GRACE_MS + 1);
    hooks.answer = new Error('down');
    expect(await codeOf(refresh(3))).toBe('REFRESH_TOKEN_REUSED');
  });

  it('never rotated: there is nothing whose grace could run', async () => {
    await lab.alter(session.id, { generation: 1, rotatedAt: null });
    expect(await codeOf(refresh(0))).toBe('REFRESH_TOKEN_REUSED');
  });

  it('leaves the session alone when the token is ahead of it, or names none', async () => {
    expect(await codeOf(refresh(1))).toBe('INVALID_REFRESH_TOKEN');
    expect(await lab.row(session.id)).toMatchObject({ generation: 0, revokedAt: null });
    const rotation = lab.app.get(RefreshRotation);
    expect(await codeOf(rotation.refresh({ refreshToken: 'none', client: LAB_CLIENT }))).toBe('INVALID_REFRESH_TOKEN');
    const unknown = lab.app.get(RefreshTokens).write({ userId: session.userId, sid: 'A'.repeat(22), generation: 0 });
    expect(await codeOf(rotation.refresh({ refreshToken: unknown, client: LAB_CLIENT }))).toBe('INVALID_REFRESH_TOKEN');
  });

  it('obeys the veto, writes it down, and rotates nothing', async () => {
    hooks.answer = false;
    expect(await codeOf(refresh(0))).toBe('SIGN_IN_REFUSED');
    expect(await lab.events()).toMatchObject([
      { type: 'refresh.refused', outcome: 'failure', subjectId: session.userId, sessionId: session.id },
    ]);
    expect((await lab.row(session.id)).generation).toBe(0);
  });

  it('lets no hook that fails pass, which is no veto', async () => {
    hooks.answer = new Error('down');
    await expect(refresh(0)).rejects.toThrow();
    expect(await lab.events()).toEqual([]);
    expect((await lab.row(session.id)).generation).toBe(0);
  });

  it.each([
    ['at another address and by another agent', ELSEWHERE, 1],
    ['at another address', { ...LAB_CLIENT, address: ELSEWHERE.address }, 0],
    ['by another agent', { ...LAB_CLIENT, userAgent: ELSEWHERE.userAgent }, 0],
  ])('in the grace %s', async (_what, client, told) => {
    await rotated(4, 1);
    expect((await refresh(3, { client })).refresh_token).toBe(token(4));
    const expected = { type: 'refresh.grace_other_client', subjectId: session.userId, sessionId: session.id };
    expect(await lab.events()).toMatchObject(told === 1 ? [{ ...expected, address: client.address }] : []);
  });

  it('thirty at once get one successor', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => refresh(0)));
    expect(new Set(answers.map((answer) => answer.refresh_token))).toEqual(new Set([token(1)]));
    expect((await lab.row(session.id)).generation).toBe(1);
  });

  it('counts what goes through against the limit of the session', async () => {
    for (let generation = 0; generation < 60; generation += 1) await refresh(generation);
    expect(await codeOf(refresh(60))).toBe('RATE_LIMITED');
    expect((await lab.row(session.id)).generation).toBe(60);
  });
});
