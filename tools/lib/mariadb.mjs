import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort, isExecutable, ordinaryUser, privateFolder, startServer, which } from './service-process.mjs';

// Debian keeps the server where an ordinary user's PATH does not look.
const SYSTEM = '/usr/sbin/mariadbd';

/** The server's binary, when the program that initialises its folder is there as well. */
export function findMariadb() {
  if (which('mariadb-install-db') === undefined) return undefined;
  return which('mariadbd') ?? (isExecutable(SYSTEM) ? SYSTEM : undefined);
}

/**
 * A MariaDB of our own on loopback, with a random password, without durability, and with further `settings` of the server.
 * Answers its URL, pid and `stop()`.
 */
export async function startMariadb(binary, settings) {
  const server = await installMariadb(binary, settings);
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
export async function installMariadb(binary, further = {}) {
  const user = ordinaryUser();
  const folder = privateFolder(user);
  const password = randomBytes(16).toString('hex');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    await initialise(folder, user, password);
  } catch (error) {
    remove();
    throw error;
  }
  const port = await freePort();
  const run = ({ keep = false } = {}) =>
    startServer({
      command: binary,
      args: [...settings(folder, port), ...asArguments(further)],
      user,
      folder,
      keep,
      ready: 'ready for connections',
      endWith: 'SIGKILL',
    });
  return { url: `mysql://gatehouse:${password}@127.0.0.1:${port}/mysql`, run, remove };
}

function settings(folder, port) {
  const own = {
    datadir: path.join(folder, 'data'),
    // Servers that share one remove each other's temporary tables.
    tmpdir: folder,
    socket: path.join(folder, 's'),
    'pid-file': path.join(folder, 'pid'),
  };
  // 2: a commit outlives the process, though not the machine.
  const speed = { ...NO_FLUSH, 'innodb-flush-log-at-trx-commit': 2, 'innodb-doublewrite': 0, 'max-connections': 300 };
  // What Debian's configuration says, and the loosest comparison that is common.
  const text = { 'character-set-server': 'utf8mb4', 'collation-server': 'utf8mb4_general_ci' };
  const options = {
    ...own,
    ...speed,
    ...text,
    port,
    'bind-address': '127.0.0.1',
    'init-file': path.join(folder, 'sql'),
  };
  return ['--no-defaults', '--skip-log-bin', '--skip-name-resolve', ...asArguments(options)];
}

const NO_FLUSH = { 'innodb-flush-method': 'nosync' };
const asArguments = (options) => Object.entries(options).map(([name, value]) => `--${name}=${value}`);

async function initialise(folder, user, password) {
  const account = "gatehouse@'127.0.0.1'";
  // One statement a line: the server reads the file so, at every start.
  const statements = [
    'DROP USER IF EXISTS root@localhost',
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}'`,
    `GRANT ALL ON *.* TO ${account} WITH GRANT OPTION`,
  ];
  const file = path.join(folder, 'sql');
  writeFileSync(file, statements.map((statement) => `${statement};\n`).join(''), { mode: 0o600 });
  if (user.uid !== undefined) chownSync(file, user.uid, user.gid);
  const args = ['--no-defaults', '--skip-test-db', '--skip-name-resolve', '--auth-root-authentication-method=normal'];
  const data = asArguments({ datadir: path.join(folder, 'data'), ...NO_FLUSH });
  // It takes seconds on a busy machine, in which the tests go on.
  await promisify(execFile)(which('mariadb-install-db'), [...args, ...data], { ...user, cwd: folder });
}

/** Makes an empty database on the server of `url` and answers the URL of the new one. */
export async function createDatabase(url, prefix) {
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await onServer(url, (connection) => connection.query(`CREATE DATABASE \`${name}\``));
  const fresh = new URL(url);
  fresh.pathname = `/${name}`;
  return fresh.href;
}

/** Removes the databases whose name begins with `prefix`. */
export function dropDatabases(url, prefix) {
  return onServer(url, async (connection) => {
    const [rows] = await connection.query('SHOW DATABASES');
    const names = rows.map(({ Database }) => Database).filter((name) => name.startsWith(prefix));
    for (const name of names) await connection.query(`DROP DATABASE \`${name}\``);
  });
}

async function onServer(url, work) {
  const { createConnection } = await import('mysql2/promise');
  const { hostname, port, username, password, pathname } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1) || undefined,
    connectTimeout: 5_000,
  });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}
