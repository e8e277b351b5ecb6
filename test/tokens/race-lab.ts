import { expect } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { PASSWORD, type DatabaseKind, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import type { Person } from '../sessions/kit.js';
import {
  asBearer,
  generationOf,
  newFamily,
  refresh,
  refreshed,
  rowOf,
  startTokens,
  usable,
  type TokenSet,
} from './kit.js';

/** Two instances of one application, on one database and one Redis. */
export interface Nodes {
  readonly all: readonly [TestApp, TestApp];
  close(): Promise<void>;
}

export async function twoNodes(database: DatabaseKind = 'postgres'): Promise<Nodes> {
  const auth = { rateLimits: { multiplier: 1_000_000 } };
  const here = await startTokens({ database, store: 'redis', auth });
  const there = await startTokens({ databaseUrl: here.databaseUrl!, redisUrl: here.redisUrl!, auth });
  return {
    all: [here, there],
    close: async () => {
      await there.close();
      await here.close();
    },
  };
}

/** That many refreshes of one token at once, in turn on both nodes. */
function atOnce({ all }: Nodes, count: number, { refresh_token }: TokenSet): Promise<Answer>[] {
  return Array.from({ length: count }, (_, index) => refresh(all[index % 2]!, refresh_token));
}

/** Thirty refreshes of one token at once, round after round: one successor, which all thirty are given. */
export async function thirtyAtOnce(nodes: Nodes, rounds: number): Promise<void> {
  const [here, there] = nodes.all;
  const { person, first } = await newFamily(here);
  let current = first;
  for (let round = 1; round <= rounds; round += 1) {
    const answers = await Promise.all(atOnce(nodes, 30, current));
    expect(answers.map(({ status }) => status)).toEqual(new Array(30).fill(200));
    const given = new Set(answers.map(({ body }) => body.refresh_token as string));
    expect(given.size).toBe(1);
    expect(await rowOf(here, person)).toMatchObject({ generation: round, revokedAt: null });
    expect(generationOf([...given][0]!)).toBe(round);
    const tokens = answers.map(({ body }) => body as TokenSet);
    const works = await Promise.all(tokens.map((token, index) => usable(index % 2 === 0 ? there : here, token)));
    expect(works).toEqual(new Array(30).fill(true));
    current = tokens[round % 30]!;
  }
}

/** Something that takes power away from tokens, and how a request tells that it has. */
export interface Taking {
  readonly what: string;
  make(app: TestApp, person: Person): Promise<unknown>;
  /** Whether a token with this answer has lost what was taken. */
  lost(answer: Answer): boolean;
  /** Whether the family ends with it. */
  readonly ends: boolean;
}

const refused = ({ status }: Answer): boolean => status === 401;

export const TAKINGS: readonly Taking[] = [
  {
    what: 'revoking the session',
    make: async (app, { userId }) => {
      const { items } = await app.get(Sessions).list(userId);
      await app.get(Sessions).revoke(userId, items[0]!.id);
    },
    lost: refused,
    ends: true,
  },
  {
    what: 'disabling the account',
    make: (app, { userId }) => app.get(Accounts).disable(userId),
    lost: refused,
    ends: true,
  },
  {
    what: 'changing the password',
    make: (app, { userId }) => app.get(Accounts).setPassword(userId, `${PASSWORD} anew`),
    lost: refused,
    ends: true,
  },
  {
    what: 'taking a role',
    make: (app, { userId }) => app.get(Accounts).removeRole(userId, 'editor'),
    lost: ({ body }) => !body.roles.includes('editor') && !body.scopes.includes('notes:write'),
    ends: false,
  },
];

/** Refreshes on both nodes beside a change: no token, whichever side of it was faster, works after the change. */
export async function refreshesBeside(nodes: Nodes, { make, lost, ends }: Taking, rounds: number): Promise<number> {
  const [here, there] = nodes.all;
  let issued = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { person, first } = await newFamily(here, ['editor']);
    const current = round % 3 === 0 ? first : await refreshed(there, first);
    const before = atOnce(nodes, 4, current);
    // Somewhere within the work of a refresh, another place each round.
    await new Promise((resolve) => setTimeout(resolve, round % 10));
    const change = make(round % 2 === 0 ? here : there, person);
    const during = atOnce(nodes, 4, current);
    await change;
    const answers = await Promise.all([...before, ...during]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const tokens = answers.filter(({ status }) => status === 200).map(({ body }) => body as TokenSet);
    issued += tokens.length;
    for (const { access_token } of [...tokens, current]) {
      for (const node of nodes.all) expect(lost(await asBearer(node, access_token))).toBe(true);
    }
    const latest = tokens[0] ?? current;
    const { status, body } = await refresh(here, latest.refresh_token);
    expect(status).toBe(ends ? 401 : 200);
    if (!ends) expect(lost(await asBearer(there, body.access_token))).toBe(true);
    if (ends) expect((await refresh(there, current.refresh_token)).status).toBe(401);
  }
  return issued;
}
