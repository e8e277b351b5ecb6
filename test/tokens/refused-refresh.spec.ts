import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { STACKS, type TestApp } from '../support/app.js';
import {
  asBearer,
  claimsOf,
  generationOf,
  hooksOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  REUSED,
  rowOf,
  startTokens,
  usable,
  type Family,
} from './kit.js';

describe.each(STACKS)('a refresh token that is good, on $database and $store', (stack) => {
  let app: TestApp;
  const clock = new TestClock();
  beforeAll(async () => {
    app = await startTokens({ ...stack, clock, auth: { rateLimits: { multiplier: 1_000 } } });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    hooksOf(app).reset();
  });

  describe('rotates nothing when', () => {
    async function refused(family: Family, more: object = {}): Promise<string> {
      const row = await rowOf(app, family.person);
      const answer = await refresh(app, family.first.refresh_token, more);
      expect(await rowOf(app, family.person)).toEqual(row);
      return answer.body.code === undefined ? String(answer.status) : problemOf(answer);
    }

    it('the application refuses: also in its grace', async () => {
      const family = await newFamily(app);
      hooksOf(app).veto = ({ method }) => method !== 'refresh';
      const { userId } = family.person;
      expect(await refused(family)).toBe('403 invalid_grant SIGN_IN_REFUSED');
      expect(hooksOf(app).asked).toContainEqual({ userId, method: 'refresh', address: '127.0.0.1', userAgent: 'node' });
      hooksOf(app).reset();
      await refreshed(app, family.first);
      hooksOf(app).veto = () => false;
      expect(await refused(family)).toBe('403 invalid_grant SIGN_IN_REFUSED');
    });

    it('a hook fails', async () => {
      const family = await newFamily(app);
      hooksOf(app).veto = () => Promise.reject(new Error('of the application'));
      expect(await refused(family)).toBe('500');
      hooksOf(app).reset();
      hooksOf(app).more = () => {
        throw new Error('of the application');
      };
      expect(await refused(family)).toBe('500');
      hooksOf(app).reset();
      expect(generationOf((await refreshed(app, family.first)).refresh_token)).toBe(1);
    });

    it('a hook does not answer in time', { timeout: 20_000 }, async () => {
      const [vetoed, claimed] = [await newFamily(app), await newFamily(app)];
      hooksOf(app).veto = ({ userId }) => (userId === vetoed.person.userId ? new Promise(() => undefined) : undefined);
      hooksOf(app).more = () => new Promise(() => undefined);
      expect(await Promise.all([refused(vetoed), refused(claimed)])).toEqual([
        '503 temporarily_unavailable STORE_UNAVAILABLE',
        '503 temporarily_unavailable STORE_UNAVAILABLE',
      ]);
    });

    it('a scope is asked for that was never granted', async () => {
      const family = await newFamily(app, ['editor'], { scope: 'notes:read' });
      expect(await refused(family, { scope: 'notes:read notes:write' })).toBe('400 invalid_scope VALIDATION_FAILED');
      expect(await refused(family, { scope: 'notes:read  notes:read' })).toBe('400 invalid_scope VALIDATION_FAILED');
    });
  });

  it('has its scopes clamped to what was granted and can be granted now', async () => {
    const { person, first } = await newFamily(app, ['editor']);
    expect(first.scope).toBe('notes:read notes:write');
    const narrow = await refreshed(app, first, { scope: 'notes:write' });
    expect(narrow.scope).toBe('notes:write');
    expect((await asBearer(app, narrow.access_token, '/notes', 'POST')).status).toBe(403);
    const wide = await refreshed(app, narrow);
    expect(wide.scope).toBe('notes:read notes:write');
    expect((await asBearer(app, wide.access_token, '/notes', 'POST')).status).toBe(201);
    await app.get(Accounts).removeRole(person.userId, 'editor');
    expect((await asBearer(app, wide.access_token, '/notes', 'POST')).status).toBe(403);
    const less = await refreshed(app, wide);
    expect(less.scope).toBe('notes:read');
    expect((await refreshed(app, less, { scope: 'notes:write' })).scope).toBe('');
    expect(claimsOf(less.access_token)).toMatchObject({ scope: 'notes:read', roles: [] });
    await app.get(Accounts).assignRole(person.userId, 'service');
    expect((await asBearer(app, less.access_token)).body).toMatchObject({ scopes: ['notes:read'], roles: ['service'] });
  });
});

describe.each(STACKS)('the 61st refresh of a session in a minute, on $database and $store', (stack) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTokens({ ...stack });
  });
  afterAll(() => app.close());

  it('is refused and rotates nothing, other sessions go on, and reuse is noticed', async () => {
    const [family, other] = [await newFamily(app), await newFamily(app)];
    let current = await refreshed(app, family.first);
    for (let times = 1; times < 60; times += 1) current = await refreshed(app, current);
    const row = await rowOf(app, family.person);
    const answer = await refresh(app, current.refresh_token);
    expect(problemOf(answer)).toBe('429 temporarily_unavailable RATE_LIMITED');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(await rowOf(app, family.person)).toEqual(row);
    expect((await refreshed(app, other.first)).refresh_token).toBeTypeOf('string');
    // A forged token counts for nobody.
    const forged = other.first.refresh_token.replace(/.{43}$/, 'A'.repeat(43));
    for (let times = 0; times < 65; times += 1) expect(problemOf(await refresh(app, forged))).toBe(INVALID);
    expect((await refreshed(app, other.first)).refresh_token).toBeTypeOf('string');
    expect(problemOf(await refresh(app, family.first.refresh_token))).toBe(REUSED);
    expect(await usable(app, current)).toBe(false);
  });
});
