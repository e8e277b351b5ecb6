import { findPostgres, startPostgres } from '../../tools/lib/postgres.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';
import { loadGenerator, server } from '../lib/child.mjs';
import { median } from '../lib/statistics.mjs';
import { fixed, table } from '../lib/table.mjs';

const SMALL = 1_000;
const LARGE = 1_000_000;

const get = (path) => (cookie) => ({ path, method: 'GET', headers: { cookie } });
const WORK = [
  { title: 'session check, remembered', request: get('/hello'), again: 20 },
  { title: 'session check, from the database', request: get('/hello') },
  { title: 'list of sessions', request: get('/auth/sessions'), again: 5 },
  { title: 'sign-in (hash apart)', signIn: true },
];

/** The same work on few and on many users and sessions: rows of PostgreSQL, state in Redis. */
export async function scale({ redis, quick, rounds }) {
  const sizes = quick ? [SMALL, 2 * SMALL] : [SMALL, LARGE];
  const load = await loadGenerator();
  const postgres = await startPostgres(findPostgres());
  const running = [];
  try {
    for (const [index, size] of sizes.entries()) {
      const database = await createDatabase(postgres.url, 'bench');
      // A database of Redis each: both name their users alike.
      running.push(
        await server('scale', 'filled', { adapter: 'express', database, redis: `${redis}/${index + 1}`, size }),
      );
    }
    const results = [];
    for (const [kind, work] of WORK.entries())
      results.push(await compare(load, running, work, { kind, rounds: quick ? 1 : rounds, sizes }));
    return { results: { sizes, results }, text: report(results, sizes) };
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    await Promise.all([load.stop(), postgres.stop()]);
  }
}

async function compare(load, running, work, { kind, rounds, sizes }) {
  const seen = [];
  // Spread over the whole table, and never the same ones twice: what one round has read is remembered.
  for (let round = -1; round < rounds; round++) {
    const pair = [];
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const slots = WORK.length * (rounds + 1);
      const slot = kind * (rounds + 1) + round + 1;
      const from = 1 + Math.floor((sizes[index] / slots) * slot);
      pair[index] = await once(load, running[index], work, { from, count: Math.floor(SMALL / slots) });
    }
    if (round >= 0) seen.push(pair);
  }
  const of = (index, name) => median(seen.map((pair) => pair[index][name]));
  return {
    title: work.title,
    small: { ms: of(0, 'ms'), cpu: of(0, 'cpu') },
    large: { ms: of(1, 'ms'), cpu: of(1, 'cpu') },
    ratio: median(seen.map(([small, large]) => large.ms / small.ms)),
    seen,
  };
}

/** One after the other, so that what is measured is the time of each and not a queue. */
async function once(load, target, { request, again = 1, signIn = false }, range) {
  const requests = signIn
    ? Array.from({ length: range.count }, (_, index) => login(range.from + index))
    : (await target.ask('cookies', range)).map(request);
  const headers = { 'content-type': 'application/json', origin: 'http://127.0.0.1:3000' };
  const all = Array.from({ length: again }, () => requests).flat();
  if (again > 1) await load.ask('inTurn', { url: target.url, requests, headers });
  const before = await target.ask('usage');
  const run = await load.ask('inTurn', { url: target.url, requests: all, headers });
  if (Object.keys(run.statuses).join() !== '200') throw new Error(JSON.stringify(run));
  const after = await target.ask('usage');
  const cpu = (after.user + after.system - before.user - before.system) / all.length;
  return { ms: run.p50, cpu };
}

const login = (n) => ({
  path: '/auth/login',
  method: 'POST',
  body: JSON.stringify({ email: `u${n}@example.com`, password: 'seven hinges and a bell' }),
});

function report(results, sizes) {
  const rows = results.map(({ title, small, large, ratio }) => [
    title,
    fixed(small.ms, 3),
    fixed(large.ms, 3),
    fixed(ratio),
    fixed(small.cpu, 0),
    fixed(large.cpu, 0),
  ]);
  const [few, many] = sizes.map((size) => size.toLocaleString('en'));
  return table(['what', `ms at ${few}`, `ms at ${many}`, 'ratio', `CPU µs at ${few}`, `CPU µs at ${many}`], rows);
}
