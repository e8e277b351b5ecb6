import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MATRIX, PASSWORD } from '../support/app.js';
import { NEW_PASSWORD, startStage, WRONG_PASSWORD, type Stage } from './kit.js';
import { OCCASIONS } from './occasions.js';
import { Sweep, UNKNOWN_TOKEN, UNSENDABLE } from './sweep.js';

describe.each(MATRIX.filter(({ adapter, database }) => (database === 'sqlite') === (adapter === 'fastify')))(
  'the audit trail ($adapter, $database)',
  (setup) => {
    const lines: string[] = [];
    const secrets = new Set([PASSWORD, NEW_PASSWORD, WRONG_PASSWORD, UNKNOWN_TOKEN, UNSENDABLE]);
    let stage: Stage;
    let sweep: Sweep;
    beforeAll(async () => {
      const log = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '));
      const logger = { log, error: log, warn: log };
      stage = await startStage({ ...setup, logger, auth: { jobs: 'manual' }, refusedAddress: UNSENDABLE });
      sweep = new Sweep(stage, secrets);
    });
    afterAll(() => stage.close());

    it.each(Object.entries(OCCASIONS))('%s', async (_, [prepare, expected]) => {
      const act = await prepare(sweep);
      await sweep.rows();
      await act();
      expect(await sweep.rows()).toEqual([...expected].sort());
      // Wrong passwords of one occasion are not to stand in the way of the next.
      stage.clock.advance(30 * 60_000);
    });

    it('holds no secret and no address, nor does the log or the outbox', async () => {
      const tables = ['auth_audit', 'auth_outbox'].map((table) => stage.app.dataSource.query(`SELECT * FROM ${table}`));
      const written = [...(await Promise.all(tables)).map((rows) => JSON.stringify(rows)), ...lines].join('\n');
      expect(secrets.size).toBeGreaterThan(100);
      for (const secret of secrets) {
        // A code of six digits may well be a part of a longer number.
        const found = /^\d+$/.test(secret)
          ? new RegExp(`(?<!\\w)${secret}(?!\\w)`).test(written)
          : written.includes(secret);
        expect(found, secret).toBe(false);
      }
      // The trail is not empty, and the outbox has been emptied of what was sent.
      expect(written).toContain('password.reset');
    });
  },
);
