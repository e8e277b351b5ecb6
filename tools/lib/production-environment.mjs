import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './service-process.mjs';
import { SERVICES } from './services.mjs';

const WANTED = { postgres: 'DATABASE_URL', redis: 'REDIS_URL' };

/** Takes PostgreSQL and Redis from the environment, or starts its own. Throws with all that is missing at once. */
export async function takeServices(onStarted) {
  const own = Object.entries(WANTED).filter(([, variable]) => !process.env[variable]);
  const found = own.map(([name, variable]) => ({ ...SERVICES[name], variable, place: SERVICES[name].find() }));
  const missing = found.filter(({ place }) => place === undefined);
  if (missing.length > 0) throw new Error(missing.map(howToGet).join('\n'));

  const urls = Object.fromEntries(Object.values(WANTED).map((variable) => [variable, process.env[variable]]));
  for (const { title, variable, place, start } of found) {
    const service = await start(place);
    onStarted(service);
    urls[variable] = service.url;
    console.log(`${title} was started for this run and keeps nothing; set ${variable} for one of yours.`);
  }
  return urls;
}

function howToGet({ title, variable, packageName }) {
  return `${title} is missing: set ${variable}, or install it (on Debian: apt-get install ${packageName})`;
}

/** What both workers are told. Whatever the environment says already stands. */
export function workerEnvironment({ port, folder, services, instances }) {
  const { AUTH_SECRET, BASE_URL } = process.env;
  return {
    ...process.env,
    ...services,
    NODE_ENV: 'production',
    AUTH_SECRET: AUTH_SECRET || storedSecret(folder),
    BASE_URL: BASE_URL || `https://127.0.0.1:${port}`,
    INSTANCES: String(instances),
    TRUSTED_PROXY_HOPS: '1',
    HOST: '127.0.0.1',
    PORT: '0',
  };
}

/** Where the proxy is going to listen: workers are told before it does. */
export async function proxyPort() {
  return Number(process.env.PORT || 8443) || freePort();
}

function storedSecret(folder) {
  const file = path.join(folder, 'secret');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
