import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, isExecutable, ordinaryUser, privateFolder, startServer, which } from './service-process.mjs';

const DEBIAN = '/usr/lib/postgresql';

/** The folder with `initdb` and `postgres`: PATH first, then where Debian keeps them, the newest first. */
export function findPostgres() {
  const inPath = which('initdb');
  return [...(inPath === undefined ? [] : [path.dirname(realpathSync(inPath))]), ...debianFolders()].find(
    (folder) => isExecutable(path.join(folder, 'initdb')) && isExecutable(path.join(folder, 'postgres')),
  );
}

function debianFolders() {
  try {
    const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => path.join(DEBIAN, version, 'bin'));
  } catch {
    return [];
  }
}

/**
 * A PostgreSQL of our own on loopback, with a random password; without durability unless it is asked for. Answers its URL,
 * pid and `stop()`.
 */
export async function startPostgres(binaries, options) {
  const server = await installPostgres(binaries, options);
  try {
    return { ...(await server.run()), url: server.url };
  } catch (error) {
    server.remove();
    throw error;
  }
}

/**
 * The same in two steps, for a server that is to be killed and run again: `run()` starts it on the same port with the
 * data it had, and answers pid and `stop()`. The last `stop()` removes the data, unless `run({ keep: true })` said not to.
 */
export async function installPostgres(binaries, { durable = false } = {}) {
  const user = ordinaryUser();
  const folder = privateFolder(user);
  const password = randomBytes(16).toString('hex');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    initialise(binaries, folder, user, password);
  } catch (error) {
    remove();
    throw error;
  }
  const port = await freePort();
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  const durability = ['fsync', 'synchronous_commit', 'full_page_writes'].map(
    (name) => `${name}=${durable ? 'on' : 'off'}`,
  );
  const speed = [...durability, 'max_connections=300'];
  const run = ({ keep = false, endWith = 'SIGQUIT' } = {}) =>
    startServer({
      command: path.join(binaries, 'postgres'),
      args: ['-D', path.join(folder, 'data'), ...[...settings, ...speed].flatMap((setting) => ['-c', setting])],
      user,
      folder,
      keep,
      ready: 'database system is ready to accept connections',
      endWith,
    });
  return { url: `postgres://gatehouse:${password}@127.0.0.1:${port}/postgres`, run, remove };
}

function initialise(binaries, folder, user, password) {
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined) chownSync(passwordFile, user.uid, user.gid);
  // Thousands of connections are made, on loopback: what is proven of the password takes a third of a connection with SCRAM.
  const access = ['-U', 'gatehouse', '--auth=md5', `--pwfile=${passwordFile}`];
  const args = ['-D', path.join(folder, 'data'), ...access, '--encoding=UTF8', '--locale=C', '--no-sync'];
  const made = spawnSync(path.join(binaries, 'initdb'), args, { ...user, cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
}

/** Makes an empty database on the server of `url` and answers the URL of the new one. */
export async function createDatabase(url, prefix) {
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await onServer(url, (client) => client.query(`CREATE DATABASE "${name}"`));
  const fresh = new URL(url);
  fresh.pathname = `/${name}`;
  return fresh.href;
}

/** Removes the databases whose name begins with `prefix`. */
export function dropDatabases(url, prefix) {
  return onServer(url, async (client) => {
    const { rows } = await client.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [prefix]);
    for (const { datname } of rows) await client.query(`DROP DATABASE "${datname}" WITH (FORCE)`);
  });
}

async function onServer(url, work) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
