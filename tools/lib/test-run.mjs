import { ensureUnpacked } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { forwardSignals, SIGNAL_NUMBERS, stopRunning } from './run.mjs';
import { installMissing, SERVICES, startService } from './services.mjs';
import { Tally } from './tally.mjs';

/**
 * The frame of `npm test` and `npm run proof`: packages (not compiled yet) and services before, `work(tally, env)` between,
 * and, however it ends, the services stopped and the final line printed. `limitMs` ends a run that hangs.
 */
export async function testRun({ limitMs }, work) {
  checkNodeVersion();
  // Most of what runs lives for seconds and leaves much behind at once: with room for it, a sixth less time is spent.
  process.env.NODE_OPTIONS = `--max-semi-space-size=32 ${process.env.NODE_OPTIONS ?? ''}`.trim();
  const tally = new Tally();
  const started = [];
  const stopAll = () => Promise.allSettled(started.splice(0).map((service) => service.stop()));
  let aborted = false;
  const abort = async (reason, exitCode) => {
    if (aborted) return;
    aborted = true;
    tally.fail(reason);
    stopRunning('SIGTERM');
    await stopAll();
    tally.finish();
    process.exit(exitCode);
  };
  forwardSignals((signal) => void abort(`stopped by ${signal}`, 128 + SIGNAL_NUMBERS[signal]));
  setTimeout(() => void abort(`not finished within ${limitMs / 60_000} minutes`, 1), limitMs).unref();
  try {
    if (await tally.step('install packages', ensureUnpacked)) {
      await work(tally, await startServices(tally, started));
    }
  } catch (error) {
    tally.fail(error.stack);
  }
  if (aborted) return;
  await stopAll();
  process.exit(tally.finish());
}

/** Answers the environment that tells the specs where the services are. What is missing is a failure of the run. */
async function startServices(tally, started) {
  installMissing();
  const env = { ...process.env };
  const ending = [];
  for (const [name, { title, variable }] of Object.entries(SERVICES)) {
    await tally.step(title, async () => {
      const service = await startService(name);
      started.push(service);
      if (!process.env[variable]) ending.push(name);
      env[variable] = service.url;
      return 0;
    });
  }
  // Nothing has to be tidied up there: hundreds of databases go with their server.
  env.TEST_ENDING_SERVICES = ending.join();
  return env;
}
