import { median } from './statistics.mjs';

/** One bounded run: what came back, and the CPU time of the server process for each request in µs. */
export async function sample(load, target, { seconds, expect = 200, ...rest }) {
  const before = await target.ask('usage');
  const run = await load.ask('run', { url: target.url, headers: target.headers, seconds, ...rest });
  const after = await target.ask('usage');
  const other = Object.keys(run.statuses).filter((status) => status !== String(expect));
  if (run.errors > 0 || other.length > 0 || run.answered === 0) {
    throw new Error(`unexpected answers: ${JSON.stringify(run)}`);
  }
  const cpu = (after.user + after.system - before.user - before.system) / run.answered;
  return { perSecond: run.perSecond, cpu, p99: run.p99 };
}

/** Not measured: V8 shrinks the heap of a process that rests and forgets code of it, and each rests while others run. */
const RAMP_SECONDS = 0.5;

/**
 * Each contestant beside a reference of its own, which is sent the contestant's headers, in one run: the two take turns, and
 * the one that begins changes from round to round. One reference for all would rest less than each of them, and be faster
 * for that. Medians over the rounds.
 */
export async function alternate(load, references, contestants, { rounds, seconds, warmUpSeconds }) {
  const bares = references.map((reference, index) => ({ ...reference, headers: contestants[index].headers }));
  const measured = async (target) => {
    await sample(load, target, { seconds: RAMP_SECONDS });
    return sample(load, target, { seconds });
  };
  // The compiler of V8 has to be done with everybody: what it spends is CPU time of the server as well.
  for (const target of [...bares, ...contestants]) await sample(load, target, { seconds: warmUpSeconds });
  const seen = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const index of order(contestants.length, round)) {
      const contestant = contestants[index];
      const bare = bares[index];
      const pair = round % 2 === 0 ? [bare, contestant] : [contestant, bare];
      const first = await measured(pair[0]);
      const second = await measured(pair[1]);
      seen[index].push(round % 2 === 0 ? { bare: first, own: second } : { bare: second, own: first });
    }
  }
  return seen.map((pairs) => ({
    ratio: median(pairs.map(({ own, bare }) => own.perSecond / bare.perSecond)),
    cpu: median(pairs.map(({ own }) => own.cpu)),
    bareCpu: median(pairs.map(({ bare }) => bare.cpu)),
    addedCpu: median(pairs.map(({ own, bare }) => own.cpu - bare.cpu)),
    perSecond: median(pairs.map(({ own }) => own.perSecond)),
    p99: median(pairs.map(({ own }) => own.p99)),
    pairs,
  }));
}

function order(length, round) {
  const indices = Array.from({ length }, (_, index) => index);
  return round % 2 === 0 ? indices : indices.reverse();
}
