import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { dropDatabases, startService, type Service, type ServiceName } from '../../tools/lib/services.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address under which `test/support/services.ts` asks for a service. */
    serviceBroker: string;
    /** Beginning of the names of all databases of this run. */
    databasePrefix: string;
  }
}

/**
 * Starts a service when the first spec asks for it, so that a run without any pays nothing. `npm test` has started them
 * before and says where in the environment: then they are taken from there.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = new Map<ServiceName, Promise<Service>>();
  const databasePrefix = `gatehouse_test_${randomBytes(4).toString('hex')}_`;
  const secret = `/${randomBytes(16).toString('hex')}/`;

  const answer: RequestListener = (request, response) => {
    // A connection that is kept would be closed just when a spec asks again.
    response.shouldKeepAlive = false;
    if (request.url?.startsWith(secret) !== true) return void response.writeHead(404).end();
    const name = request.url.slice(secret.length) as ServiceName;
    const service = services.get(name) ?? startService(name);
    services.set(name, service);
    service.then(
      ({ url }) => response.end(url),
      (error: Error) => response.writeHead(503).end(error.message),
    );
  };
  const broker = createServer(answer);
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  const { port } = broker.address() as AddressInfo;
  project.provide('serviceBroker', `http://127.0.0.1:${port}${secret}`);
  project.provide('databasePrefix', databasePrefix);

  return async () => {
    broker.closeAllConnections();
    broker.close();
    const given = { postgres: process.env.TEST_POSTGRES_URL, mariadb: process.env.TEST_MARIADB_URL };
    const ending = process.env.TEST_ENDING_SERVICES?.split(',') ?? [];
    for (const [name, url] of Object.entries(given)) {
      const stays = services.has(name as ServiceName) && !ending.includes(name);
      if (url && stays) await dropDatabases(url, databasePrefix);
    }
    const started = await Promise.allSettled(services.values());
    for (const result of started) if (result.status === 'fulfilled') await result.value.stop();
  };
}
