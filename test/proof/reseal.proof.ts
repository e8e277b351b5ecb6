import { expect, it } from 'vitest';
import { rotateUnderTraffic } from '../cli/reseal-rotation.js';

const ROWS = 3_000;
const KILLS = 5;

it(`3 x ${ROWS} rows are sealed anew under traffic by a command that is killed ${KILLS} times`, async () => {
  const { bites, lastRun, surprises, rounds } = await rotateUnderTraffic({
    rows: ROWS,
    kills: KILLS,
    batch: 200,
    withinMs: 2_000,
    whole: true,
  });
  console.log(`Rows of the runs that were killed: ${bites.join(', ')}. Rounds of the traffic: ${rounds}.\n${lastRun}`);
  expect(surprises).toEqual([]);
  for (const bite of bites) expect(bite).toBeGreaterThan(0);
});
