import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as mariadb from './mariadb.mjs';
import * as postgres from './postgres.mjs';
import { findRedis, startRedis } from './redis.mjs';
import { isExecutable, isRoot, which } from './service-process.mjs';

/** A browser that the environment names, else one of this machine. */
export function findChromium() {
  return process.env.CHROMIUM_PATH || which('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
}

/**
 * What the tests need besides Node.js: the variable that names it, the package of Debian that holds it, how it is found
 * on this machine and, for a server, how it is started.
 */
export const SERVICES = {
  postgres: {
    title: 'PostgreSQL',
    variable: 'TEST_POSTGRES_URL',
    packageName: 'postgresql',
    find: postgres.findPostgres,
    start: postgres.startPostgres,
  },
  mariadb: {
    title: 'MariaDB',
    variable: 'TEST_MARIADB_URL',
    packageName: 'mariadb-server',
    // Faults are tried on servers of the specs' own, whatever the environment names.
    alwaysInstalled: true,
    find: mariadb.findMariadb,
    start: mariadb.startMariadb,
  },
  redis: {
    title: 'Redis',
    variable: 'TEST_REDIS_URL',
    packageName: 'redis-server',
    alwaysInstalled: true,
    find: findRedis,
    start: startRedis,
  },
  chromium: {
    title: 'Chromium',
    variable: 'CHROMIUM_PATH',
    packageName: 'chromium',
    find: findChromium,
  },
};

const serverOf = (url) => (/^(?:mysql|mariadb):/.test(url) ? mariadb : postgres);

/** Makes an empty database on the server of `url` and answers the URL of the new one. */
export const createDatabase = (url, prefix) => serverOf(url).createDatabase(url, prefix);

/** Removes the databases of the server of `url` whose name begins with `prefix`. */
export const dropDatabases = (url, prefix) => serverOf(url).dropDatabases(url, prefix);

/** What to do when a service is neither named by the environment nor installed. */
export function howToGet(name) {
  const { title, variable, packageName } = SERVICES[name];
  return `${title} is missing: set ${variable}, or install it (on Debian: apt-get install ${packageName})`;
}

/** Starts one service, or takes it from the environment. Answers its address and `stop()`; throws what is missing. */
export async function startService(name) {
  const service = SERVICES[name];
  const given = process.env[service.variable];
  if (given && service.start !== undefined) return { url: given, stop: async () => undefined };
  const found = service.find();
  if (found === undefined) throw new Error(howToGet(name));
  if (service.start !== undefined) return service.start(found);
  if (!isExecutable(found)) throw new Error(`${service.variable}: ${found} cannot be executed`);
  return { url: found, stop: async () => undefined };
}

const isWanted = ({ variable, alwaysInstalled }) => alwaysInstalled === true || !process.env[variable];

/** Installs the services that are neither named nor there, where we are root on Debian. */
export function installMissing() {
  const missing = Object.values(SERVICES).filter((service) => isWanted(service) && !service.find());
  if (missing.length === 0 || !isRoot() || !existsSync('/etc/debian_version') || !which('apt-get')) return;
  const packages = missing.map(({ packageName }) => packageName);
  console.log(`Installing with apt-get: ${packages.join(', ')}`);
  // RUNLEVEL=1 keeps the packages from starting servers of their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const aptGet = (...args) => spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  aptGet('update');
  aptGet('install', '-y', '--no-install-recommends', ...packages);
}
