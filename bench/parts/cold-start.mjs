import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeFolder } from '../../tools/lib/service-process.mjs';
import { child } from '../lib/child.mjs';
import { median } from '../lib/statistics.mjs';
import { fixed, table } from '../lib/table.mjs';

const LEAST_ROUNDS = 7;

/** From the start of the process until it listens, over bare Nest with TypeORM. The tables are there already. */
export async function coldStart({ quick, rounds }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-'));
  const start = async (which, synchronize = false) => {
    const running = await child('start.mjs', [which, path.join(folder, `${which}.sqlite`), String(synchronize)]);
    await running.stop();
    return running;
  };
  try {
    for (const which of ['bare', 'gatehouse']) await start(which, true);
    const seen = [];
    for (let round = 0; round < (quick ? 1 : Math.max(LEAST_ROUNDS, rounds)); round++) {
      const pair = {};
      for (const which of round % 2 === 0 ? ['bare', 'gatehouse'] : ['gatehouse', 'bare'])
        pair[which] = await start(which);
      seen.push(pair);
    }
    const results = {
      bareMs: median(seen.map(({ bare }) => bare.ms)),
      gatehouseMs: median(seen.map(({ gatehouse }) => gatehouse.ms)),
      addedMs: median(seen.map(({ bare, gatehouse }) => gatehouse.ms - bare.ms)),
      addedCpuMs: median(seen.map(({ bare, gatehouse }) => gatehouse.cpuMs - bare.cpuMs)),
      seen: seen.map(({ bare, gatehouse }) => ({ bare: bare.ms, gatehouse: gatehouse.ms })),
    };
    const row = [results.bareMs, results.gatehouseMs, results.addedMs, results.addedCpuMs].map((ms) => fixed(ms, 0));
    return {
      results,
      text: table(
        ['Nest + TypeORM ms', 'with Gatehouse ms', 'added ms', 'added CPU ms', 'target (added ms)'],
        [[...row, '≤ 250']],
      ),
    };
  } finally {
    removeFolder(folder);
  }
}
