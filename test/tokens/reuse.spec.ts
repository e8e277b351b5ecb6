import { describe, expect, it } from 'vitest';
import { PASSWORD, STACKS } from '../support/app.js';
import {
  asBearer,
  askToken,
  DAY_MS,
  generationOf,
  familyLab,
  GRACE_MS,
  hooksOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  REUSED,
  rowOf,
  setRow,
  type ToldTokenHooks,
  usable,
  type Family,
  type TokenSet,
} from './kit.js';

describe.each(STACKS)('a spent refresh token, on $database and $store', (stack) => {
  const lab = familyLab(stack);
  const { clock, warnings } = lab;

  describe('that is the one before the current', () => {
    it('is answered with the same successor for 30 s, and nothing is written', async () => {
      const { person, first } = await newFamily(lab.app);
      clock.advance(DAY_MS);
      const second = await refreshed(lab.app, first);
      const row = await rowOf(lab.app, person);
      for (const wait of [0, 1, GRACE_MS - 1]) {
        clock.advance(wait);
        const again = await refreshed(lab.app, first);
        expect(again.refresh_token).toBe(second.refresh_token);
        expect(await usable(lab.app, again)).toBe(true);
        expect(await rowOf(lab.app, person)).toEqual(row);
      }
      expect(warnings.taken()).toEqual([]);
    });

    it('is reuse when 30 s are over', async () => {
      const { person, first } = await newFamily(lab.app);
      await refreshed(lab.app, first);
      clock.advance(GRACE_MS + 1);
      expect(problemOf(await refresh(lab.app, first.refresh_token))).toBe(REUSED);
      expect((await rowOf(lab.app, person)).revokedAt).toBe(clock.now());
    });

    it('is reuse at once when the successor has rotated', async () => {
      const { person, first } = await newFamily(lab.app);
      const third = await refreshed(lab.app, await refreshed(lab.app, first));
      expect(problemOf(await refresh(lab.app, first.refresh_token))).toBe(REUSED);
      expect((await rowOf(lab.app, person)).revokedAt).toBe(clock.now());
      expect(problemOf(await refresh(lab.app, third.refresh_token))).toBe(INVALID);
    });

    it('does not make the session live longer', async () => {
      const { person, first } = await newFamily(lab.app);
      await refreshed(lab.app, first);
      const { lastSeenAt } = await rowOf(lab.app, person);
      clock.advance(GRACE_MS);
      const again = await refreshed(lab.app, first);
      expect((await rowOf(lab.app, person)).lastSeenAt).toBe(lastSeenAt);
      clock.advance(lastSeenAt + 14 * DAY_MS - clock.now());
      expect(problemOf(await refresh(lab.app, again.refresh_token))).toBe(INVALID);
    });

    it('is noted when another client at another address presents it', async () => {
      const { person, first } = await newFamily(lab.app);
      await refreshed(lab.app, first);
      await lab.app.client().post('/auth/token/refresh', first, { headers: { 'user-agent': 'another' } });
      expect(warnings.taken()).toEqual([]);
      await setRow(lab.app, person, { ip: '192.0.2.1' });
      await refreshed(lab.app, first);
      expect(warnings.taken()).toEqual([]);
      const answer = await lab.app
        .client()
        .post('/auth/token/refresh', { refresh_token: first.refresh_token }, { headers: { 'user-agent': 'another' } });
      expect(answer.status).toBe(200);
      expect(warnings.taken()).toEqual([expect.stringContaining('refresh.grace_other_client success')]);
    });
  });

  describe('that is older', () => {
    async function spent(): Promise<Family & { current: TokenSet }> {
      const family = await newFamily(lab.app);
      const current = await refreshed(lab.app, await refreshed(lab.app, family.first));
      return { ...family, current };
    }

    it('ends the session with all that stands for it, and no other session', async () => {
      const { person, first, current } = await spent();
      const sibling = lab.app.client();
      await sibling.signIn(person.email);
      const { body: other } = await askToken(lab.app, {
        grant_type: 'password',
        username: person.email,
        password: PASSWORD,
      });
      expect(await usable(lab.app, current)).toBe(true);
      expect(problemOf(await refresh(lab.app, first.refresh_token))).toBe(REUSED);
      for (const token of [first.access_token, current.access_token]) {
        const { status, body } = await asBearer(lab.app, token);
        expect([status, body.code]).toEqual([401, 'INVALID_ACCESS_TOKEN']);
      }
      for (const token of [first, current])
        expect(problemOf(await refresh(lab.app, token.refresh_token))).toBe(INVALID);
      expect((await sibling.get('/whoami')).status).toBe(200);
      expect(await usable(lab.app, other)).toBe(true);
      expect(generationOf((await refreshed(lab.app, other)).refresh_token)).toBe(1);
    });

    it('is spoken of once, however many present it at once', async () => {
      const { person, first } = await spent();
      const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(lab.app, first.refresh_token)));
      const problems = new Set(answers.map(problemOf));
      expect(problems).toContain(REUSED);
      expect([...problems].every((problem) => problem === REUSED || problem === INVALID)).toBe(true);
      expect(warnings.taken()).toEqual([expect.stringContaining('refresh.reused failure')]);
      expect((await rowOf(lab.app, person)).revokedAt).toBe(clock.now());
    });

    it.each<[string, ToldTokenHooks['veto']]>([
      ['refuses', () => false],
      ['throws', () => Promise.reject<boolean>(new Error('of the application'))],
    ])('is noticed although the veto %s', async (_what, veto) => {
      const { person, first } = await spent();
      hooksOf(lab.app).veto = veto;
      expect(problemOf(await refresh(lab.app, first.refresh_token))).toBe(REUSED);
      expect((await rowOf(lab.app, person)).revokedAt).toBe(clock.now());
    });

    it.each([
      ['claims cannot be had', {}],
      ['a scope was never granted', { scope: 'notes:write' }],
      ['a scope is none', { scope: '"' }],
    ])('is noticed although %s', async (what, more) => {
      const { first } = await spent();
      if (what.startsWith('claims')) {
        hooksOf(lab.app).more = () => {
          throw new Error('of the application');
        };
      }
      expect(problemOf(await refresh(lab.app, first.refresh_token, more))).toBe(REUSED);
    });
  });
});
