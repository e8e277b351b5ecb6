import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { Gate } from '../sessions/kit.js';
import { asBearer, hooksOf, INVALID, newFamily, problemOf, refresh, REUSED, refreshed, rowOf, usable } from './kit.js';
import { refreshesBeside, TAKINGS, thirtyAtOnce, twoNodes, type Nodes } from './race-lab.js';

describe.each([
  { database: 'postgres', rounds: 6 },
  { database: 'mariadb', rounds: 2 },
] as const)('two nodes on one $database and one Redis', ({ database, rounds }) => {
  let nodes: Nodes;
  beforeAll(async () => {
    nodes = await twoNodes(database);
  });
  afterAll(() => nodes.close());

  it('give thirty refreshes of one token one successor', { timeout: 60_000 }, async () => {
    await thirtyAtOnce(nodes, rounds - 1);
  });

  it.each(TAKINGS)('issue no token that outlives $what', { timeout: 60_000 }, async (taking) => {
    await refreshesBeside(nodes, taking, rounds);
  });

  it.each(TAKINGS)('issue no token that outlives $what while the other node asks its veto', async (taking) => {
    const [here, there] = nodes.all;
    const { person, first } = await newFamily(here, ['editor']);
    const gate = new Gate();
    hooksOf(there).veto = () => gate.pass();
    const answer = refresh(there, first.refresh_token);
    // A refresh that never comes to the gate: better its answer than a test that hangs.
    await Promise.race([gate.reached, answer]);
    await taking.make(here, person);
    gate.open();
    const { status, body } = await answer;
    hooksOf(there).reset();
    expect(status).toBe(taking.ends ? 401 : 200);
    if (taking.ends) return;
    for (const node of nodes.all) expect(taking.lost(await asBearer(node, body.access_token))).toBe(true);
  });

  it('see on each other the reuse of a token', async () => {
    const [here, there] = nodes.all;
    const { first } = await newFamily(here);
    const third = await refreshed(there, await refreshed(here, first));
    expect(await usable(here, third)).toBe(true);
    expect(problemOf(await refresh(there, first.refresh_token))).toBe(REUSED);
    expect(await usable(here, third)).toBe(false);
    expect(problemOf(await refresh(here, third.refresh_token))).toBe(INVALID);
  });

  it('end a session once when thirty present a spent token', async () => {
    const [here, there] = nodes.all;
    const { person, first } = await newFamily(here);
    const third = await refreshed(here, await refreshed(there, first));
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => refresh(index % 2 === 0 ? here : there, first.refresh_token)),
    );
    expect(answers.every((answer) => [REUSED, INVALID].includes(problemOf(answer)))).toBe(true);
    expect((await rowOf(here, person)).revokedAt).not.toBeNull();
    for (const node of nodes.all) expect(await usable(node, third)).toBe(false);
  });

  it('refresh no session of a user whom one of them has signed out everywhere', async () => {
    const [here, there] = nodes.all;
    const { person, first } = await newFamily(here);
    await refreshed(there, first);
    await there.get(Sessions).revokeAll(person.userId);
    expect(problemOf(await refresh(here, first.refresh_token))).toBe(INVALID);
    await here.get(Accounts).enable(person.userId);
    expect(problemOf(await refresh(there, first.refresh_token))).toBe(INVALID);
  });
});
