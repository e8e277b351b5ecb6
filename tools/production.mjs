import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureCertificate } from '../sample/02-production/proxy/certificate.mjs';
import { ensureLibraryBuilt, ensureSampleBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { startLongProcess } from './lib/long-process.mjs';
import { startMailServer } from './lib/mail-server.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { proxyPort, takeServices, workerEnvironment } from './lib/production-environment.mjs';
import { forwardSignals, ROOT, run } from './lib/run.mjs';

const SAMPLE = 'sample/02-production';
const WORKERS = ['worker-1', 'worker-2'];
const LISTENING = / is listening on (https?:\/\/\S+)$/;

// In three layers, which end from the top: no request may find its worker gone, and no worker its database.
const running = { proxy: [], workers: [], services: [] };
let stopping;

/** Runs `sample/02-production` on this machine: PostgreSQL, Redis, mail, the migrations, two workers, and the proxy in front. */
async function start() {
  const steps = [ensureInstalled, ensureLibraryBuilt, () => ensureSampleBuilt(SAMPLE)];
  for (const step of steps) if ((await step()) !== 0) throw new Error('The sample could not be built.');

  const folder = path.resolve(process.env.DATA_DIR || path.join(ROOT, '.data', 'production'));
  const services = await takeServices((service) => running.services.push(service));
  const port = await proxyPort();
  const mail = await mailEnvironment(folder);
  const env = workerEnvironment({ port, folder, services: { ...services, ...mail }, instances: WORKERS.length });
  if ((await run(process.execPath, [`${SAMPLE}/dist/migrate.js`], { env })) !== 0) {
    throw new Error('The migration failed.');
  }
  const workers = await Promise.all(WORKERS.map((name) => startWorker(name, env)));
  await startProxy({ port, folder, workers });
  console.log(`\nReady on ${env.BASE_URL}`);
  const certificate = process.env.TLS_CERTIFICATE || path.join(folder, 'certificate.pem');
  console.log(`  curl --cacert ${certificate} ${env.BASE_URL}/health\n`);
}

/** Mail goes to the server that the environment names, else into this terminal. */
async function mailEnvironment(folder) {
  if (process.env.SMTP_URL) return {};
  const files = ensureCertificate(folder);
  const server = await startMailServer({ key: readFileSync(files.key), certificate: readFileSync(files.certificate) });
  running.services.push(server);
  console.log('Mail is printed here and delivered to nobody; set SMTP_URL for a server of yours.');
  const from = process.env.MAIL_FROM || 'Order book <orders@example.com>';
  return { SMTP_URL: server.url, SMTP_CA: files.certificate, MAIL_FROM: from };
}

async function startWorker(name, env) {
  const worker = await startLongProcess({
    name,
    script: `${SAMPLE}/dist/main.js`,
    env: { ...env, INSTANCE: name },
    ready: LISTENING,
    onExit: (reason) => forget('workers', worker, reason),
  });
  running.workers.push(worker);
  console.log(`${name} has process id ${worker.pid}.`);
  return worker.match[1];
}

async function startProxy({ port, folder, workers }) {
  // What it needs and no secret of the workers.
  const { PATH, TLS_KEY = '', TLS_CERTIFICATE = '', PROXY_TIMEOUT_MS = '30000' } = process.env;
  const settings = { PATH, TLS_KEY, TLS_CERTIFICATE, PROXY_TIMEOUT_MS, DATA_DIR: folder };
  const proxy = await startLongProcess({
    name: 'proxy',
    script: `${SAMPLE}/proxy/main.mjs`,
    env: { ...settings, PORT: String(port), WORKERS: workers.join(',') },
    ready: LISTENING,
    onExit: (reason) => forget('proxy', proxy, reason),
  });
  running.proxy.push(proxy);
}

function forget(layer, gone, reason) {
  if (stopping !== undefined) return;
  running[layer] = running[layer].filter((one) => one !== gone);
  console.error(`${gone.name} has ended (${reason}) and is not started again.`);
}

/** Answers the exit code: 0 when every process of ours ended by itself. */
async function stopAll() {
  const codes = [];
  for (const layer of ['proxy', 'workers', 'services']) {
    codes.push(...(await Promise.all(running[layer].map((one) => one.stop()))));
  }
  return codes.every((code) => code === 0 || code === undefined) ? 0 : 1;
}

function stop(exitCode) {
  stopping ??= stopAll().then(
    (code) => process.exit(exitCode ?? code),
    () => process.exit(1),
  );
}

checkNodeVersion();
forwardSignals(() => stop());
start().catch((error) => {
  if (stopping !== undefined) return;
  console.error(error.message);
  stop(1);
});
