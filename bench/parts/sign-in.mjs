import { loadGenerator, server } from '../lib/child.mjs';
import { median } from '../lib/statistics.mjs';
import { fixed, table } from '../lib/table.mjs';

const IN_FLIGHT = 64;
const AT_ONCE = 200;
const ACCOUNTS = 100;
const WARM_UP = 300;
const PASSWORD = 'seven hinges and a bell';
const HEADERS = { 'content-type': 'application/json', origin: 'http://127.0.0.1:3000' };

const login = (index) => ({
  method: 'POST',
  path: '/auth/login',
  body: JSON.stringify({ email: `ada${index % ACCOUNTS}@example.com`, password: PASSWORD }),
});
const betterLogin = {
  method: 'POST',
  path: '/api/auth/sign-in/email',
  body: JSON.stringify({ email: 'ada@example.com', password: PASSWORD }),
};

/** How many sign in beside how many passwords the machine can compare at all, and what others notice of it. */
export async function signIn({ redis, quick, rounds, cost = 12, amount = 96 }) {
  const due = quick ? { cost: 4, amount: 64, rounds: 1, warmUp: 64 } : { cost, amount, rounds, warmUp: WARM_UP };
  const [load, otherLoad] = [await loadGenerator(), await loadGenerator()];
  const results = [];
  try {
    const contestants = [
      { name: 'ours', title: 'Gatehouse', requests: Array.from({ length: ACCOUNTS }, (_, index) => login(index)) },
      { name: 'betterAuth', title: 'better-auth, SQLite', requests: [betterLogin] },
    ];
    for (const { name, title, requests } of contestants) {
      const target = await server('sign-in', name, { adapter: 'express', redis, cost: due.cost });
      try {
        const ratios = await throughput(load, target, requests, due);
        const more = name === 'ours' ? await neighbours(load, otherLoad, target, requests, due) : {};
        results.push({ title, ...ratios, ...more });
      } finally {
        await target.stop();
      }
    }
  } finally {
    await Promise.all([load.stop(), otherLoad.stop()]);
  }
  return { results: { ...due, inFlight: IN_FLIGHT, contestants: results }, text: report(results, due) };
}

async function throughput(load, target, requests, { cost, amount, rounds, warmUp }) {
  const seen = [];
  await signInAll(load, target, requests, warmUp);
  for (let round = 0; round < rounds; round++) {
    const own = () => signInAll(load, target, requests, amount);
    const bare = () => target.ask('raw', { cost, amount, inFlight: IN_FLIGHT });
    const first = round % 2 === 0 ? await bare() : await own();
    const second = round % 2 === 0 ? await own() : await bare();
    seen.push(round % 2 === 0 ? { raw: first, own: second } : { raw: second, own: first });
  }
  return {
    ratio: median(seen.map(({ own, raw }) => own / raw)),
    perSecond: median(seen.map(({ own }) => own)),
    rawPerSecond: median(seen.map(({ raw }) => raw)),
    seen,
  };
}

async function signInAll(load, { url }, requests, amount) {
  const run = await load.ask('inTurn', { url, headers: HEADERS, connections: IN_FLIGHT, amount, requests });
  if (Object.keys(run.statuses).join() !== '200') throw new Error(`sign-in: ${JSON.stringify(run)}`);
  return run.perSecond;
}

/** While the queue is full: how long an unguarded route takes, and how soon those hear of it who find no place. */
async function neighbours(load, otherLoad, target, requests, { amount }) {
  const idle = await calm(otherLoad, target, 3);
  const busy = signInAll(load, target, requests, amount);
  const open = await calm(otherLoad, target, Math.max(2, Math.floor(amount / 12)));
  await busy;
  const burst = await load.ask('burst', { url: target.url, requests, amount: AT_ONCE, headers: HEADERS });
  return { idleP99: idle.p99, openP99: open.p99, openP50: open.p50, burst };
}

/** 100 requests a second, so that the load itself is not what is measured. */
const calm = (load, { url }, seconds) => load.ask('run', { url, headers: {}, connections: 4, seconds, rate: 100 });

function report(results, { cost, rounds, amount }) {
  const rows = results.map(({ title, ratio, perSecond, rawPerSecond }) => [
    title,
    fixed(perSecond, 1),
    fixed(rawPerSecond, 1),
    fixed(ratio, 3),
  ]);
  const { idleP99, openP99, openP50, burst } = results[0];
  const { refused, admitted } = burst;
  return [
    `bcrypt at cost ${cost}, ${IN_FLIGHT} in flight, ${amount} a run, ${rounds} alternations`,
    '',
    table(['sign-in', 'a second', 'bcrypt.compare a second', 'of raw'], rows),
    '',
    `unguarded route meanwhile: p50 ${openP50} ms, p99 ${openP99} ms (p99 of an idle server: ${idleP99} ms)`,
    `${AT_ONCE} sign-ins at once: ${admitted.count} admitted, ${refused.count} refused with 503, ` +
      `of which the median after ${fixed(refused.p50, 0)} ms and the last after ${fixed(refused.last, 0)} ms`,
  ].join('\n');
}
