import { expect } from 'vitest';
import { PASSWORD } from '../../../support/app.js';
import type { Answer } from '../../../support/client.js';
import { bearer, generationOf, type TokenSet } from '../../../tokens/kit.js';
import type { Operation, Operations } from '../operation.js';
import type { Person } from '../person.js';
import type { Run } from '../run.js';
import type { Stand } from '../stand.js';

const RECOVERY_MS = 6_000;

export const TOKEN_OPERATIONS: Operations = { 'login (bearer)': login, refresh, 'revoke (token)': revoke };

const grant = ({ email }: Person) => ({ grant_type: 'password', username: email, password: PASSWORD });
const usable = (person: Person, { access_token }: TokenSet): Promise<boolean> =>
  person.elsewhere().isSignedIn(bearer(access_token));

async function login(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.account(run);
  return {
    status: 200,
    signsIn: { userId: person.userId, letsIn: async ({ status, body }) => status === 200 && usable(person, body) },
    send: () => person.post('/auth/token', grant(person)),
    check: async (acknowledged) => {
      const sessions = await person.liveSessions();
      expect(sessions).toBeLessThanOrEqual(1);
      if (acknowledged !== undefined) {
        expect([sessions, await usable(person, acknowledged.body)]).toEqual([1, true]);
        await refreshed(person, acknowledged.body);
      }
      const { body } = await person.sure('/auth/token', grant(person), 200);
      expect(await usable(person, body)).toBe(true);
    },
  };
}

const ask = (person: Person, { refresh_token }: TokenSet): Promise<Answer> =>
  person.post('/auth/token/refresh', { refresh_token });

async function refreshed(person: Person, tokens: TokenSet): Promise<TokenSet> {
  const { status, body, text } = await person.surely(() => ask(person, tokens));
  expect(status, text).toBe(200);
  return body as TokenSet;
}

async function newFamily(stand: Stand, run: Run): Promise<{ readonly person: Person; readonly tokens: TokenSet }> {
  const person = await stand.account(run);
  const tokens = (await person.sure('/auth/token', grant(person), 200)).body as TokenSet;
  expect(await usable(person, tokens)).toBe(true);
  return { person, tokens };
}

/** One generation is live: every try of a client that got no answer comes to the same successor. */
async function refresh(stand: Stand, run: Run): Promise<Operation> {
  const { person, tokens } = await newFamily(stand, run);
  return {
    status: 200,
    signsIn: { userId: person.userId, letsIn: async ({ status, body }) => status === 200 && usable(person, body) },
    send: () => ask(person, tokens),
    check: async (acknowledged) => {
      const handed = acknowledged?.body as TokenSet | undefined;
      const next = await refreshed(person, tokens);
      expect(generationOf(next.refresh_token)).toBe(1);
      if (handed !== undefined) expect(handed.refresh_token).toBe(next.refresh_token);
      expect(await person.rows('auth_sessions', 'generation = 1 AND revoked_at IS NULL')).toBe(1);
      for (const known of [tokens, next, ...(handed === undefined ? [] : [handed])]) {
        expect(await usable(person, known)).toBe(true);
      }
      const last = await refreshed(person, next);
      expect(generationOf(last.refresh_token)).toBe(2);
      const reuse = await person.surely(() => ask(person, tokens));
      expect([reuse.status, reuse.body.code]).toEqual([401, 'REFRESH_TOKEN_REUSED']);
      expect(await usable(person, last)).toBe(false);
    },
  };
}

async function revoke(stand: Stand, run: Run): Promise<Operation> {
  const { person, tokens } = await newFamily(stand, run);
  const body = { token: tokens.refresh_token };
  return {
    status: 200,
    send: () => person.post('/auth/token/revoke', body),
    check: async (acknowledged) => {
      const ended = (await person.liveSessions()) === 0;
      if (acknowledged !== undefined) expect([ended, await usable(person, tokens)]).toEqual([true, false]);
      await expect.poll(() => usable(person, tokens), { timeout: RECOVERY_MS, interval: 20 }).toBe(!ended);
      await person.sure('/auth/token/revoke', body, 200);
      expect(await usable(person, tokens)).toBe(false);
      expect((await person.surely(() => ask(person, tokens))).body.code).toBe('INVALID_REFRESH_TOKEN');
    },
  };
}
