import { randomInt } from 'node:crypto';
import { expect } from 'vitest';
import { PASSWORD } from '../../../support/app.js';
import type { Answer } from '../../../support/client.js';
import type { TokenSet } from '../../../tokens/kit.js';
import type { DoomedRequest, Operations } from '../doomed.js';
import type { MortalApp } from '../mortal-app.js';
import type { Person } from '../person.js';

/** Longer than the grace of the child. */
const PAST_GRACE_MS = 61_000;

/** How the cache stands when the doomed refresh comes, and how often the family was refreshed before. */
export const TOKEN_OPERATIONS: Operations = {
  'a refresh, never seen': (app) => refresh(app, { earlier: 0, warm: false }),
  'a refresh, in use': (app) => refresh(app, { earlier: 0, warm: true }),
  'a refresh, refreshed before': (app) => refresh(app, { earlier: 1, warm: true }),
  'a revoked token': revocation,
};

async function refresh(
  app: MortalApp,
  { earlier, warm }: { readonly earlier: number; readonly warm: boolean },
): Promise<DoomedRequest> {
  const family = new Family(app, await app.account());
  let before = await family.begin();
  for (let time = 0; time < earlier; time += 1) before = await family.refreshed(before);
  if (warm) expect(await family.usable(before)).toBe(true);
  const generation = earlier;
  return {
    status: 200,
    send: (dieAt) => family.refresh(before, dieAt),
    // What a client does that never got its answer.
    check: async (answer) => {
      const handed = answer?.body as TokenSet | undefined;
      const retried = await family.refreshed(before);
      expect(generationOf(retried)).toBe(generation + 1);
      if (handed !== undefined) expect(retried.refresh_token).toBe(handed.refresh_token);
      expect((await family.refreshed(before)).refresh_token).toBe(retried.refresh_token);
      expect(await family.row()).toEqual({ generation: generation + 1, revoked_at: null });
      for (const tokens of [before, retried, ...(handed === undefined ? [] : [handed])]) {
        expect(await family.usable(tokens)).toBe(true);
      }
      const latest = await family.refreshed(retried);
      expect(generationOf(latest)).toBe(generation + 2);
      await family.endByReuse(before, retried, latest);
    },
  };
}

async function revocation(app: MortalApp): Promise<DoomedRequest> {
  const family = new Family(app, await app.account());
  const tokens = await family.begin();
  expect(await family.usable(tokens)).toBe(true);
  const revoke = (dieAt?: string) => family.owner.post('/auth/token/revoke', { token: tokens.refresh_token }, dieAt);
  return {
    status: 200,
    send: revoke,
    check: async (answer) => {
      const ended = (await family.row()).revoked_at !== null;
      if (answer !== undefined) expect(ended).toBe(true);
      expect(await family.usable(tokens)).toBe(!ended);
      expect((await revoke()).status).toBe(200);
      expect(await family.usable(tokens)).toBe(false);
      expect((await family.refresh(tokens)).body.code).toBe('INVALID_REFRESH_TOKEN');
    },
  };
}

/** The tokens of somebody who has signed in once. */
class Family {
  private sid = '';

  constructor(
    private readonly app: MortalApp,
    readonly owner: Person,
  ) {}

  async begin(): Promise<TokenSet> {
    const grant = { grant_type: 'password', username: this.owner.email, password: PASSWORD };
    const { status, body, text } = await this.owner.post('/auth/token', grant);
    expect(status, text).toBe(200);
    this.sid = body.refresh_token.split('.')[1];
    return body as TokenSet;
  }

  refresh({ refresh_token }: TokenSet, dieAt?: string): Promise<Answer> {
    return this.owner.post('/auth/token/refresh', { refresh_token }, dieAt);
  }

  async refreshed(tokens: TokenSet): Promise<TokenSet> {
    const { status, body, text } = await this.refresh(tokens);
    expect(status, text).toBe(200);
    return body as TokenSet;
  }

  async usable({ access_token }: TokenSet): Promise<boolean> {
    const headers = { authorization: `Bearer ${access_token}` };
    const { status } = await this.owner.elsewhere().call('GET', '/auth/me', undefined, undefined, headers);
    expect([200, 401]).toContain(status);
    return status === 200;
  }

  async row(): Promise<Record<string, unknown>> {
    const rows = await this.app.query('SELECT generation, revoked_at FROM auth_sessions WHERE sid = $1', [this.sid]);
    expect(rows).toHaveLength(1);
    return rows[0]!;
  }

  /** An old generation ends the session: the one just spent when its grace is over, one before it at once. */
  async endByReuse(before: TokenSet, retried: TokenSet, latest: TokenSet): Promise<void> {
    const late = randomInt(2) === 0;
    if (late) {
      await this.app.query('UPDATE auth_sessions SET rotated_at = rotated_at - $1 WHERE sid = $2', [
        PAST_GRACE_MS,
        this.sid,
      ]);
    }
    const { status, body } = await this.refresh(late ? retried : before);
    expect([status, body.code]).toEqual([401, 'REFRESH_TOKEN_REUSED']);
    for (const tokens of [before, retried, latest]) {
      expect(await this.usable(tokens)).toBe(false);
      expect((await this.refresh(tokens)).body.code).toBe('INVALID_REFRESH_TOKEN');
    }
  }
}

const generationOf = ({ refresh_token }: TokenSet): number => Number(refresh_token.split('.')[2]);
