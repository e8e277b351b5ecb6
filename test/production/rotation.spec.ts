import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresUrl, redisUrl } from '../support/services.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { register, signedIn } from './deployment.js';
import { HttpsClient } from './https-client.js';
import { runScript, SAMPLE, startScript, temporaryFolder, type Environment, type Running } from './processes.js';

const DAY_MS = 86_400_000;
const NAMES = ['worker-1', 'worker-2'] as const;
const KNOWN_TO_BOTH = { 'worker-1': true, 'worker-2': true };
const KNOWN_TO_NOBODY = { 'worker-1': false, 'worker-2': false };
const ORDER = { item: 'a hinge', quantity: 1 };

const newSecret = () => randomBytes(48).toString('base64url');
const [first, second, third] = [newSecret(), newSecret(), newSecret()];
const previous = (secret: string) => ({
  AUTH_SECRET_PREVIOUS: secret,
  AUTH_SECRET_PREVIOUS_UNTIL: new Date(Date.now() + 31 * DAY_MS).toISOString(),
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let environment: Environment;
let mailbox: Mailbox;
let client: () => HttpsClient;
const browsers: HttpsClient[] = [];
const running = new Map<string, Running>();
const ports = new Map<string, string>();

beforeAll(async () => {
  [folder, mailbox] = await Promise.all([temporaryFolder(), startMailbox()]);
  environment = {
    NODE_ENV: 'production',
    DATABASE_URL: await postgresUrl(),
    REDIS_URL: await redisUrl(),
    INSTANCES: '2',
    TRUSTED_PROXY_HOPS: '1',
    BASE_URL: 'https://127.0.0.1',
    SMTP_URL: `smtp://127.0.0.1:${mailbox.port}`,
    MAIL_FROM: 'Order book <orders@example.com>',
  };
  expect((await runScript(join(SAMPLE, 'dist', 'migrate.js'), environment)).code).toBe(0);
  await Promise.all(NAMES.map((name) => replace(name, { AUTH_SECRET: first })));
  client = await startProxy();
}, 120_000);

afterAll(async () => {
  await Promise.all([...running.values()].map((process) => process.stop()));
  await mailbox?.close();
  await folder?.remove();
});

/** Starts a worker, in place of the one of that name, on the port that it had. */
async function replace(name: string, secrets: Environment): Promise<void> {
  expect(await (running.get(name)?.stop() ?? 0)).toBe(0);
  const PORT = ports.get(name) ?? '0';
  const worker = startScript(join(SAMPLE, 'dist', 'main.js'), { ...environment, ...secrets, INSTANCE: name, PORT });
  running.set(name, worker);
  const [, port = ''] = await worker.says(/ is listening on http:\/\/127\.0\.0\.1:(\d+)$/m);
  ports.set(name, port);
}

async function deployEverywhere(secrets: Environment, between = async () => {}): Promise<void> {
  for (const name of NAMES) {
    await replace(name, secrets);
    await between();
  }
}

async function startProxy(): Promise<() => HttpsClient> {
  const workers = [...ports.values()].map((port) => `http://127.0.0.1:${port}`);
  const main = join(SAMPLE, 'proxy', 'main.mjs');
  const proxy = startScript(main, { PORT: '0', WORKERS: workers.join(','), DATA_DIR: folder.path });
  running.set('proxy', proxy);
  const [, url = ''] = await proxy.says(/^The proxy is listening on (\S+)$/m);
  const certificate = await readFile(join(folder.path, 'certificate.pem'), 'utf8');
  return () => new HttpsClient(url, certificate);
}

/** Whether each worker knows the session. */
async function isSignedIn(browser: HttpsClient): Promise<Record<string, boolean>> {
  const answers = [await browser.get('/orders'), await browser.get('/orders')];
  return Object.fromEntries(answers.map(({ status, instance }) => [String(instance), status === 200]));
}

async function newVisitor(email: string): Promise<HttpsClient> {
  const visitor = client();
  await register(visitor, email, async () => (await mailbox.next(email)).token ?? '');
  return signedIn(visitor, email);
}

/** Whoever was in stays in, whoever comes gets in, and may write. */
async function everybodyStays(): Promise<void> {
  browsers.push(await newVisitor(`visitor-${browsers.length}@example.com`));
  for (const browser of browsers) {
    expect(await isSignedIn(browser)).toEqual(KNOWN_TO_BOTH);
    const orders = [await browser.post('/orders', ORDER), await browser.post('/orders', ORDER)];
    expect(orders.map(({ status }) => status)).toEqual([201, 201]);
  }
}

describe('a change of the secret, one worker after the other', () => {
  it('in one deployment makes sessions that the other worker does not know', async () => {
    await everybodyStays();
    // Before: a letter sealed by one worker would wait until the other has left it.
    const visitor = await newVisitor('too-early@example.com');
    await replace('worker-1', { AUTH_SECRET: second, ...previous(first) });
    while ((await visitor.signIn('too-early@example.com')).instance !== 'worker-1');
    expect(await isSignedIn(visitor)).toEqual({ 'worker-1': true, 'worker-2': false });
  }, 120_000);

  it('in two deployments signs nobody out', async () => {
    await deployEverywhere({ AUTH_SECRET: first, AUTH_SECRET_NEXT: second }, everybodyStays);
    await deployEverywhere({ AUTH_SECRET: second, ...previous(first) }, everybodyStays);
  }, 240_000);

  it('that has leaked ends every session that it signed', async () => {
    await deployEverywhere({ AUTH_SECRET: third, AUTH_SECRET_LEAKED: second });
    for (const browser of browsers) expect(await isSignedIn(browser)).toEqual(KNOWN_TO_NOBODY);
    const again = client();
    expect((await again.signIn('visitor-0@example.com')).status).toBe(200);
    expect(await isSignedIn(again)).toEqual(KNOWN_TO_BOTH);
  }, 120_000);
});
