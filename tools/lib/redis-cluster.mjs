import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, privateFolder, removeFolder, startServer, which } from './service-process.mjs';

const run = promisify(execFile);

/** The port that the nodes of a cluster talk to one another on. */
const BUS_OFFSET = 10_000;
const WHOLE_WITHIN_MS = 30_000;
const UNSETTLED = 'not settled';

/**
 * A Redis Cluster of our own on loopback that keeps no data: masters first, then replicas. A node keeps its identity, so it
 * can be started again as the same one, empty. Without full coverage the slots of a dead node take no others with them.
 */
export async function startRedisCluster(binary, { masters = 3, replicas = 0, nodeTimeoutMs = 2_000 } = {}) {
  const cli = which('redis-cli');
  if (cli === undefined)
    throw new Error('redis-cli is missing on this machine (on Debian: apt-get install redis-tools)');
  const folder = privateFolder();
  const removeNow = () => removeFolder(folder);
  process.once('exit', removeNow);
  const nodes = [];
  const start = async (port) => ({ port, server: await startNode(binary, { port, folder, nodeTimeoutMs }) });
  const stop = async () => {
    await Promise.all(nodes.map(({ server }) => server.stop()));
    process.removeListener('exit', removeNow);
    removeNow();
  };
  try {
    for (let index = 0; index < masters * (1 + replicas); index += 1) nodes.push(await start(await freePortPair()));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await run(cli, ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas), '--cluster-yes']);
    await untilWhole(cli, nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ports: nodes.map(({ port }) => port),
    pidOf: (index) => nodes[index].server.pid,
    kill: (index) => nodes[index].server.stop(),
    restart: async (index) => {
      await nodes[index].server.stop();
      nodes[index] = await start(nodes[index].port);
    },
    command: async (index, ...words) =>
      (await run(cli, ['-e', '-p', String(nodes[index].port), ...words])).stdout.trim(),
    untilWhole: () => untilWhole(cli, nodes),
    stop,
  };
}

function startNode(binary, { port, folder, nodeTimeoutMs }) {
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'no',
    'cluster-enabled': 'yes',
    'cluster-config-file': path.join(folder, `nodes-${port}.conf`),
    'cluster-node-timeout': nodeTimeoutMs,
    'cluster-require-full-coverage': 'no',
    'cluster-allow-replica-migration': 'no',
    // However long it has been apart, a replica may stand for election, and a new one is synchronised at once.
    'cluster-replica-validity-factor': 0,
    'repl-diskless-sync-delay': 0,
  };
  return startServer({
    command: binary,
    args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]),
    folder: privateFolder(),
    ready: 'Ready to accept connections',
  });
}

/** All nodes agree on who they are and what they hold, and every replica has its master's data. */
async function untilWhole(cli, nodes) {
  const until = performance.now() + WHOLE_WITHIN_MS;
  for (;;) {
    const views = await Promise.all(nodes.map(({ port }) => viewOf(cli, port)));
    if (views.every((view) => view === views[0] && !view.includes(UNSETTLED))) return;
    if (performance.now() > until) throw new Error(`the Redis Cluster was not ready in time:\n${views.join('\n\n')}`);
    await sleep(50);
  }
}

/** What a node knows of all nodes, in words that are the same for each that knows the same. */
async function viewOf(cli, port) {
  const ask = async (...words) => (await run(cli, ['-p', String(port), ...words])).stdout;
  const [state, replication, known] = await Promise.all([
    ask('cluster', 'info'),
    ask('info', 'replication'),
    ask('cluster', 'nodes'),
  ]);
  if (!state.includes('cluster_state:ok') || !state.includes('cluster_slots_ok:16384')) return UNSETTLED;
  if (replication.includes('master_link_status:down') || /fail|handshake|noaddr|disconnected/.test(known))
    return UNSETTLED;
  const lines = known
    .trim()
    .split('\n')
    .map((line) => line.replace('myself,', '').split(' '));
  // Without the times of the last ping and pong, which every node has of its own.
  return lines
    .map(([id, address, role, master, , , epoch, , ...slots]) => [id, address, role, master, epoch, ...slots].join(' '))
    .sort()
    .join('\n');
}

async function freePortPair() {
  for (;;) {
    const port = await freePort();
    if (port + BUS_OFFSET <= 65_535 && (await isFree(port + BUS_OFFSET))) return port;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
