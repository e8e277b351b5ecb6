import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findRedis, startRedis } from '../tools/lib/redis.mjs';
import { BENCH } from './lib/child.mjs';

const PARTS = ['guards', 'sign-in', 'refresh', 'cold-start', 'memory', 'scale'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    adapter: { type: 'string', multiple: true },
    only: { type: 'string', multiple: true },
  },
});
const names = positionals.length === 0 ? PARTS : positionals;
const unknown = names.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}. There are: ${PARTS.join(', ')}`);
  process.exit(1);
}

const redisServer = process.env.REDIS_URL === undefined ? await startRedis(requireRedis()) : undefined;
const settings = {
  redis: redisServer?.url ?? process.env.REDIS_URL,
  quick: values.quick,
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  adapters: values.adapter,
  only: values.only,
};
try {
  for (const name of names) {
    const part = Object.values(await import(`./parts/${name}.mjs`))[0];
    console.log(`\n## ${name}\n`);
    const { text, results } = await part(settings);
    console.log(text);
    if (!values.quick) keep(name, results);
  }
} finally {
  await redisServer?.stop();
}

function requireRedis() {
  const binary = findRedis();
  if (binary === undefined) throw new Error('redis-server is not installed, and REDIS_URL is not set');
  return binary;
}

function keep(name, results) {
  const folder = path.join(BENCH, 'results');
  mkdirSync(folder, { recursive: true });
  const facts = { node: process.version, cores: os.cpus().length, platform: `${os.platform()} ${os.arch()}` };
  const at = new Date().toISOString();
  writeFileSync(
    path.join(folder, `${name}.json`),
    `${JSON.stringify({ part: name, at, ...facts, settings: { ...settings, redis: undefined }, results }, null, 2)}\n`,
  );
}
