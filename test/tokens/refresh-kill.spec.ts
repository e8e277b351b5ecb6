import { afterAll, beforeAll, expect, it } from 'vitest';
import { MortalApp } from '../proof/refresh-kill.js';
import { postgresUrl, redisUrl } from '../support/services.js';
import { requireBuiltLibrary } from './built-library.js';

let app: MortalApp | undefined;
beforeAll(async () => {
  requireBuiltLibrary();
  const mortal = new MortalApp(await postgresUrl(), await redisUrl());
  await mortal.start();
  app = mortal;
});
afterAll(() => app?.close());

// The application as it is built; `npm run proof -- refresh-kill` dies 300 times.
it('a process killed amid a refresh signs nobody out (after npm run build)', { timeout: 180_000 }, async () => {
  const told = await app!.die(12);
  expect([...told.values()].reduce((sum, times) => sum + times, 0)).toBe(12);
});
