import { afterAll, beforeAll, describe, it } from 'vitest';
import { refreshesBeside, TAKINGS, thirtyAtOnce, twoNodes, type Nodes } from '../tokens/race-lab.js';

const ROUNDS = 200;

describe(`${ROUNDS} rounds of every race of a refresh, on two nodes`, () => {
  let nodes: Nodes;
  beforeAll(async () => {
    nodes = await twoNodes();
  });
  afterAll(() => nodes.close());

  it('thirty refreshes of one token: one successor', { timeout: 30 * 60_000 }, async () => {
    await thirtyAtOnce(nodes, ROUNDS);
  });

  it.each(TAKINGS)('no token outlives $what', { timeout: 30 * 60_000 }, async (taking) => {
    const issued = await refreshesBeside(nodes, taking, ROUNDS);
    console.log(`${taking.what}: ${issued} of ${8 * ROUNDS} refreshes were faster`);
  });
});
