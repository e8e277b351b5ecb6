import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresUrl, redisUrl } from '../support/services.js';
import { HttpsClient } from './https-client.js';
import { printedMail, type PrintedMail } from './printed-mail.js';
import { ROOT, startScript, temporaryFolder, type Environment, type Running } from './processes.js';

const MAIL_WITHIN_MS = 15_000;

export const ADMIN = { email: 'warden@example.com', password: 'the warden keeps nine keys' };

/** `npm run production` as it stands for its user. */
export interface Deployment {
  readonly process: Running;
  /** What it printed until it was ready. */
  readonly startOutput: string;
  readonly url: string;
  readonly databaseUrl: string;
  readonly certificate: string;
  /** Process ids by the name of the worker. */
  readonly workers: ReadonlyMap<string, number>;
  /** A browser at one loopback address. */
  client(localAddress?: string): HttpsClient;
  /** The mails that were delivered to an address, oldest first. */
  mailTo(address: string): readonly PrintedMail[];
  /** A browser with an account whose address has been confirmed. */
  registered(name: string, localAddress?: string): Promise<HttpsClient>;
  /** The same, signed in. */
  signedIn(name: string, localAddress?: string): Promise<HttpsClient>;
  /** Ends all of it and answers the exit code of the script. */
  stop(): Promise<number | null>;
}

/** Starts PostgreSQL's and Redis's users, two workers and the proxy, through the very script that people run. */
export async function deploy(environment: Environment = {}): Promise<Deployment> {
  const folder = await temporaryFolder();
  const databaseUrl = await postgresUrl();
  const running = startScript(join(ROOT, 'tools', 'production.mjs'), {
    DATA_DIR: folder.path,
    DATABASE_URL: databaseUrl,
    REDIS_URL: await redisUrl(),
    PORT: '0',
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    PASSWORD_COST: '10',
    ...environment,
  });
  const stop = async () => {
    const code = await running.stop();
    await folder.remove();
    return code;
  };
  try {
    const [, url = ''] = await running.says(/^Ready on (https:\/\/\S+)$/m);
    const certificate = await readFile(join(folder.path, 'certificate.pem'), 'utf8');
    const pids = running.output().matchAll(/^(worker-\d) has process id (\d+)\.$/gm);
    const client = (localAddress?: string) => new HttpsClient(url, certificate, localAddress);
    const mailTo = (address: string) => printedMail(running.output()).filter(({ to }) => to === address);
    const registeredAs = async (name: string, localAddress?: string) => {
      const email = `${name}@example.com`;
      const browser = client(localAddress);
      await register(browser, email, () => until(() => mailTo(email)[0]?.token));
      return browser;
    };
    return {
      process: running,
      startOutput: running.output(),
      url,
      databaseUrl,
      certificate,
      workers: new Map([...pids].map(([, name = '', pid]) => [name, Number(pid)])),
      client,
      mailTo,
      registered: registeredAs,
      signedIn: async (name, localAddress) => signedIn(await registeredAs(name, localAddress), `${name}@example.com`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Registers, and confirms the address with the token that is mailed. */
export async function register(browser: HttpsClient, email: string, mailed: () => Promise<string>): Promise<void> {
  const registered = await browser.register(email);
  if (registered.status !== 202) throw new Error(`Registration answered ${registered.status}`);
  const confirmed = await browser.post('/auth/email/verify', { token: await mailed() });
  if (confirmed.status !== 204) throw new Error(`The confirmation answered ${confirmed.status}`);
}

export async function signedIn(browser: HttpsClient, email: string): Promise<HttpsClient> {
  const answer = await browser.signIn(email);
  if (answer.status !== 200) throw new Error(`Sign-in answered ${answer.status}`);
  return browser;
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (const deadline = Date.now() + MAIL_WITHIN_MS; Date.now() < deadline;) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('the mail did not come in time');
}
