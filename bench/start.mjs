// One start, from the first line of the process until it listens.
import { listen } from './lib/nest.mjs';

const [which, file, synchronize] = process.argv.slice(2);
const { startModule } = await import(`./servers/start-${which}.mjs`);
const { app } = await listen(
  startModule({ type: 'better-sqlite3', database: file, synchronize: synchronize === 'true', retryAttempts: 0 }),
  'express',
);
process.once('disconnect', () => process.exit(0));
const { user, system } = process.cpuUsage();
process.send({ ready: { ms: performance.now(), cpuMs: (user + system) / 1_000 } });
await new Promise((resolve) => process.once('disconnect', resolve));
await app.close();
