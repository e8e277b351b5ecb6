import { expect, it } from 'vitest';
import { rotateUnderTraffic } from './reseal-rotation.js';

it('a secret is changed under traffic, sealing anew is killed and goes on, and the old one goes', async () => {
  const { bites, surprises } = await rotateUnderTraffic({ rows: 200, kills: 1, batch: 20, withinMs: 1, whole: false });
  for (const bite of bites) expect(bite).toBeGreaterThan(0);
  expect(surprises).toEqual([]);
}, 240_000);
