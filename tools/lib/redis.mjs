import { freePort, privateFolder, startServer, which } from './service-process.mjs';

// One for every spec that asks, so that none finds keys of another.
const DATABASES = 4_096;

export const findRedis = () => which('redis-server');

/** A Redis of our own on loopback that keeps nothing. Answers its URL, port, pid and `stop()`. */
export async function startRedis(binary, { port } = {}) {
  const listen = port ?? (await freePort());
  const folder = privateFolder();
  const settings = { port: listen, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no', databases: DATABASES };
  const server = await startServer({
    command: binary,
    args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]),
    folder,
    ready: 'Ready to accept connections',
  });
  return { ...server, port: listen, url: `redis://127.0.0.1:${listen}` };
}
