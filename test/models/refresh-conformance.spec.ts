import { describe, expect, it } from 'vitest';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { SessionCache } from '../../lib/sessions/session-cache.js';
import { Account } from '../../lib/users/account.entity.js';
import { RefreshTokens } from '../../lib/tokens/refresh-tokens.js';
import { STACKS } from '../support/app.js';
import {
  familyLab,
  generationOf,
  GRACE_MS,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  REUSED,
  rowOf,
  usable,
} from '../tokens/kit.js';
import { decide, GRACE, type Decision, type Family } from './refresh.model.js';

const ENDS = ['none', 'revoked', 'epochMoved', 'disabled', 'expired'] as const;
/** How long ago the latest rotation was, in ticks of the model and in ms. */
const AGES = [
  { ticks: 0, ms: 0 },
  { ticks: GRACE, ms: GRACE_MS },
  { ticks: GRACE + 1, ms: GRACE_MS + 1 },
] as const;
const NOW = 10;

interface Case {
  readonly presented: number;
  readonly family: Family;
  readonly ageMs: number | null;
  readonly end: (typeof ENDS)[number];
}

const CASES: readonly Case[] = [0, 1, 2].flatMap((presented) =>
  [0, 1, 2].flatMap((generation) =>
    (generation === 0 ? [null] : AGES).flatMap((age) =>
      ENDS.map((end) => ({
        presented,
        end,
        ageMs: age === null ? null : age.ms,
        family: {
          generation,
          rotatedAt: age === null ? null : NOW - age.ticks,
          revoked: end === 'revoked',
          epochMoved: end === 'epochMoved',
          disabled: end === 'disabled',
          expiresAt: end === 'expired' ? NOW : NOW + 1,
        },
      })),
    ),
  ),
);

const ANSWERS: Readonly<Record<Decision, string | undefined>> = {
  invalid: INVALID,
  future: INVALID,
  reuse: REUSED,
  grace: undefined,
  rotate: undefined,
};

describe('the decision table of the model is that of the application', () => {
  const lab = familyLab(STACKS[0]!);

  it.each(['empty', 'live'] as const)(
    `in all ${CASES.length} lines of it, with a session cache that is %s`,
    async (cache) => {
      const { app, clock } = lab;
      const { person, first } = await newFamily(app);
      const { sid, userId, expiresAt } = await rowOf(app, person);
      const sessions = app.dataSource.getRepository(LoginSession);
      const accounts = app.dataSource.getRepository(Account);
      for (const { presented, family, ageMs, end } of CASES) {
        const now = clock.now();
        const alive = { generation: 0, rotatedAt: null, revokedAt: null, lastSeenAt: now, expiresAt };
        await sessions.update({ sid }, alive);
        await accounts.update({ userId }, { epoch: 0, disabledAt: null });
        await app.get(SessionCache).forget(userId);
        if (cache === 'live') expect(await usable(app, first)).toBe(true);
        await sessions.update(
          { sid },
          {
            generation: family.generation,
            rotatedAt: ageMs === null ? null : now - ageMs,
            revokedAt: end === 'revoked' ? now : null,
            expiresAt: end === 'expired' ? now : expiresAt,
          },
        );
        await accounts.update(
          { userId },
          { epoch: end === 'epochMoved' ? 1 : 0, disabledAt: end === 'disabled' ? now : null },
        );
        const decision = decide(presented, family, NOW);
        const answer = await refresh(app, app.get(RefreshTokens).write({ userId, sid, generation: presented }));
        const line = JSON.stringify({
          presented,
          end,
          ageMs,
          generation: family.generation,
          decision,
          text: answer.text,
        });
        const row = await rowOf(app, person);
        const rotates = decision === 'rotate';
        expect(row.generation, line).toBe(family.generation + (rotates ? 1 : 0));
        expect(row.revokedAt !== null, line).toBe(decision === 'reuse' || end === 'revoked');
        if (answer.status === 200) expect(generationOf(answer.body.refresh_token), line).toBe(row.generation);
        expect(answer.status === 200 ? undefined : problemOf(answer), line).toBe(ANSWERS[decision]);
      }
      await accounts.update({ userId }, { epoch: 0, disabledAt: null });
    },
  );
});
