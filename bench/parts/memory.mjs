import { findPostgres, startPostgres } from '../../tools/lib/postgres.mjs';
import { loadGenerator, server } from '../lib/child.mjs';
import { fixed, table } from '../lib/table.mjs';

const ACCOUNTS = 200;
const STEPS = 5;
const MB = 1_048_576;
const hello = { path: '/hello', method: 'GET' };
const login = (index) => ({
  path: '/auth/login',
  method: 'POST',
  body: JSON.stringify({ email: `ada${index}@example.com`, password: 'seven hinges and a bell' }),
});

/** What is left on the heap, after a collection, as requests and sign-ins go by. */
export async function memory({ redis, quick, amount = quick ? 500 : 100_000 }) {
  const load = await loadGenerator();
  const results = [];
  try {
    for (const store of ['Redis', 'memory']) {
      const postgres = await startPostgres(findPostgres());
      const settings = {
        adapter: 'express',
        accounts: ACCOUNTS,
        database: postgres.url,
        ...(store === 'Redis' ? { redis } : {}),
      };
      const target = await server('memory', 'application', settings, { nodeArgs: ['--expose-gc'] });
      try {
        const requests = Array.from({ length: ACCOUNTS }, (_, index) => login(index));
        const headers = { 'content-type': 'application/json', origin: 'http://127.0.0.1:3000' };
        results.push({
          store,
          what: 'requests',
          steps: await steps(load, target, { headers: target.headers, requests: [hello] }, amount),
        });
        results.push({
          store,
          what: 'sign-ins',
          steps: await steps(load, target, { headers, requests }, amount),
        });
      } finally {
        await target.stop();
        await postgres.stop();
      }
    }
  } finally {
    await load.stop();
  }
  return { results, text: report(results, amount) };
}

/** The first step warms up, so that code which is compiled and pools that fill are no growth. */
async function steps(load, target, request, amount) {
  const seen = [];
  for (let step = 0; step < STEPS; step++) {
    const run = await load.ask('inTurn', { url: target.url, connections: 32, amount: amount / STEPS, ...request });
    if (Object.keys(run.statuses).join() !== '200') throw new Error(JSON.stringify(run));
    const { heapUsed, external, rss } = await target.ask('memory');
    seen.push({ heapUsed, external, rss, perSecond: run.perSecond });
  }
  return seen;
}

function report(results, amount) {
  const head = [
    'state in',
    'what',
    ...Array.from({ length: STEPS }, (_, step) => `${((step + 1) * amount) / STEPS}`),
    'grown by MB',
  ];
  const rows = results.map(({ store, what, steps: seen }) => {
    const used = seen.map(({ heapUsed, external }) => (heapUsed + external) / MB);
    return [store, what, ...used.map((mb) => fixed(mb, 1)), fixed(used.at(-1) - used[0], 1)];
  });
  return `MB in use on the heap and beside it, after a collection\n\n${table(head, rows)}`;
}
