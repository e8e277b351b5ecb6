import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { MARIADB_STACK, type TestApp } from '../support/app.js';
import { generationOf, GRACE_MS, newFamily, problemOf, refresh, refreshed, rowOf, startTokens, usable } from './kit.js';

describe.each([{ database: 'postgres', store: 'redis' } as const, MARIADB_STACK])(
  'a rotation that outlives the deadline, on $database',
  (stack) => {
    let app: TestApp;
    const clock = new TestClock();
    beforeAll(async () => {
      app = await startTokens({ ...stack, clock, auth: { database: { timeout: '1s' } } });
    });
    afterAll(() => app.close());

    it('is taken back, so that the same token is no theft after the grace', async () => {
      const { person, first } = await newFamily(app);
      const locker = app.dataSource.createQueryRunner();
      await locker.connect();
      await locker.startTransaction();
      await locker.query(`SELECT * FROM auth_sessions WHERE user_id = '${person.userId}' FOR UPDATE`);
      const begun = performance.now();
      const told = await refresh(app, first.refresh_token);
      expect(problemOf(told)).toBe('503 temporarily_unavailable STORE_UNAVAILABLE');
      expect(Number(told.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(performance.now() - begun).toBeLessThan(2_500);
      await locker.commitTransaction();
      await locker.release();
      // The statement has its turn now. A second lock on the row comes after it.
      await app.dataSource.transaction((manager) =>
        manager.query(`SELECT * FROM auth_sessions WHERE user_id = '${person.userId}' FOR UPDATE`),
      );
      expect(await rowOf(app, person)).toMatchObject({ generation: 0, rotatedAt: null, revokedAt: null });
      clock.advance(GRACE_MS + 1);
      const second = await refreshed(app, first);
      expect(generationOf(second.refresh_token)).toBe(1);
      expect(await usable(app, second)).toBe(true);
      expect(await rowOf(app, person)).toMatchObject({ generation: 1, revokedAt: null });
    });
  },
);
