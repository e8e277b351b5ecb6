import { findPostgres, startPostgres } from '../../tools/lib/postgres.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';
import { loadGenerator, server } from '../lib/child.mjs';
import { median } from '../lib/statistics.mjs';
import { fixed, table } from '../lib/table.mjs';

const FAMILIES = 16;
/** Of each contestant: until the compiler has nothing left to do for either. */
const WARM_UP_SECONDS = 12;

/** Rotations of refresh tokens, beside hand-written ones in rows of SHA-256, on one PostgreSQL. */
export async function refresh({ redis, quick, rounds, seconds }) {
  const load = await loadGenerator();
  const results = [];
  try {
    // With `fsync` the disk is what both wait for; without it what is left is their own work.
    for (const durable of [false, true]) {
      const postgres = await startPostgres(findPostgres(), { durable });
      try {
        results.push({ durable, ...(await compare(load, postgres.url, { redis, quick, rounds, seconds })) });
      } finally {
        await postgres.stop();
      }
    }
  } finally {
    await load.stop();
  }
  return { results, text: report(results) };
}

async function compare(load, database, { redis, quick, rounds, seconds }) {
  const names = ['handWritten', 'ours'];
  const running = [];
  try {
    for (const name of names) {
      const own = await createDatabase(database, 'bench');
      running.push(await server('refresh', name, { adapter: 'express', redis, database: own, families: FAMILIES }));
    }
    const tokens = await Promise.all(running.map((one) => one.ask('tokens')));
    const rotate = async (index, time) => {
      const before = await running[index].ask('usage');
      const run = await load.ask('rotate', { url: running[index].url, tokens: tokens[index], seconds: time });
      const after = await running[index].ask('usage');
      tokens[index] = run.tokens;
      const cpu = (after.user + after.system - before.user - before.system) / run.count;
      return { perSecond: run.perSecond, cpu };
    };
    for (const index of [0, 1]) await rotate(index, quick ? 0.2 : WARM_UP_SECONDS);
    const seen = [];
    for (let round = 0; round < (quick ? 0 : rounds); round++) {
      const pair = [];
      for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) pair[index] = await rotate(index, seconds);
      seen.push({ handWritten: pair[0], ours: pair[1] });
    }
    if (quick) return { seen };
    return {
      seen,
      ratio: median(seen.map(({ handWritten, ours }) => ours.perSecond / handWritten.perSecond)),
      ours: { perSecond: median(seen.map((s) => s.ours.perSecond)), cpu: median(seen.map((s) => s.ours.cpu)) },
      handWritten: {
        perSecond: median(seen.map((s) => s.handWritten.perSecond)),
        cpu: median(seen.map((s) => s.handWritten.cpu)),
      },
    };
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

function report(results) {
  const rows = results
    .filter(({ ratio }) => ratio !== undefined)
    .map(({ durable, ratio, ours, handWritten }) => [
      durable ? 'on' : 'off',
      fixed(handWritten.perSecond, 0),
      fixed(ours.perSecond, 0),
      fixed(ratio),
      fixed(handWritten.cpu, 0),
      fixed(ours.cpu, 0),
    ]);
  if (rows.length === 0) return 'both rotate';
  return table(['fsync', 'hand-written a second', 'Gatehouse a second', 'ratio', 'CPU µs', 'Gatehouse CPU µs'], rows);
}
