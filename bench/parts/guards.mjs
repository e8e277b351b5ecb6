import { alternate } from '../lib/alternation.mjs';
import { loadGenerator, server } from '../lib/child.mjs';
import { fixed, table } from '../lib/table.mjs';

const EVERYBODY = [
  { file: 'passport', name: 'tutorial', title: 'passport-jwt as tutorials wire it' },
  { file: 'passport', name: 'keyObject', title: 'passport-jwt with a KeyObject' },
  { file: 'express-session', name: 'redis', title: 'express-session + connect-redis', adapters: ['express'] },
  { file: 'better-auth', name: 'sqlite', title: 'better-auth, SQLite' },
  { file: 'better-auth', name: 'redis', title: 'better-auth, Redis as secondary storage' },
  { file: 'better-auth', name: 'cookieCache', title: 'better-auth, cookie cache' },
  { file: 'throttler', name: 'memory', title: '@nestjs/throttler in memory', open: true },
  { file: 'gatehouse', name: 'signature', title: 'Gatehouse: bearer, `signature`', target: { ratio: 0.95, cpu: 10 } },
  { file: 'gatehouse', name: 'bearer', title: 'Gatehouse: bearer, `session`, Redis', target: { ratio: 0.88, cpu: 20 } },
  { file: 'gatehouse', name: 'cookie', title: 'Gatehouse: cookie session, Redis', target: { ratio: 0.88, cpu: 20 } },
  {
    file: 'gatehouse',
    name: 'limited',
    title: 'Gatehouse: rate-limited route, Redis',
    open: true,
    target: { ratio: 0.93 },
  },
  { file: 'gatehouse', name: 'open', title: 'Gatehouse: `@Public()` route', open: true },
];

const WARM_UP_SECONDS = 6;
const LOAD = { core: 1 };
const SERVER = { core: 0 };

/** What a guarded route costs beside a bare one of Nest. */
export async function guards({ redis, quick, only, adapters = ['express', 'fastify'], rounds, seconds }) {
  const load = await loadGenerator(LOAD);
  const results = [];
  try {
    for (const adapter of adapters) {
      const titles = EVERYBODY.filter((one) => one.adapters?.includes(adapter) ?? true).filter((one) =>
        only === undefined ? true : only.includes(`${one.file}/${one.name}`) || only.includes(one.file),
      );
      const settings = { adapter, redis };
      const bares = [];
      const running = [];
      try {
        for (const { file, name } of titles) {
          running.push(await server(file, name, settings, SERVER));
          bares.push(await server('bare', 'bare', settings, SERVER));
        }
        for (const [index, target] of running.entries()) await proveAnswers(target, titles[index]);
        if (quick) {
          results.push(...titles.map(({ title }) => ({ adapter, title })));
          continue;
        }
        const measured = await alternate(load, bares, running, { rounds, seconds, warmUpSeconds: WARM_UP_SECONDS });
        results.push(...measured.map((result, index) => ({ adapter, ...titles[index], ...result })));
      } finally {
        await Promise.all([...bares, ...running].map((one) => one.stop()));
      }
    }
  } finally {
    await load.stop();
  }
  return { results, text: quick ? quickTable(results) : resultTable(results) };
}

/** The right credential is let in, a wrong one and none are not: nobody is fast by leaving something out. */
async function proveAnswers({ url, headers, wrong }, { title, open = false }) {
  const status = async (sent) => (await fetch(`${url}/hello`, { headers: sent })).status;
  const got = [await status(headers), await status(wrong), await status({})];
  const due = open ? [200, 200, 200] : [200, 401, 401];
  if (got.join() !== due.join()) throw new Error(`${title} answered ${got.join()} instead of ${due.join()}`);
}

const quickTable = (results) =>
  table(
    ['adapter', 'answers rightly'],
    results.map(({ adapter, title }) => [adapter, title]),
  );

function resultTable(results) {
  const rows = results.map(({ adapter, title, ratio, addedCpu, cpu, bareCpu, perSecond, target }) => [
    adapter,
    title,
    fixed(ratio),
    target?.ratio === undefined ? '' : `≥ ${fixed(target.ratio)}`,
    fixed(bareCpu / cpu),
    fixed(addedCpu, 1),
    target?.cpu === undefined ? '' : `≤ ${target.cpu}`,
    fixed(perSecond, 0),
  ]);
  const head = ['adapter', 'route', 'of bare', 'target', 'by CPU', 'added CPU µs', 'target', 'requests/s'];
  return table(head, rows);
}
