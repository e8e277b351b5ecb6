import { afterAll, beforeAll, expect, it } from 'vitest';
import { dieAmid, MortalMailApp } from '../proof/account-kill.js';
import { dieOfOneMail, FLOWS } from '../proof/account-kill-flows.js';
import { postgresUrl, redisUrl } from '../support/services.js';
import { requireBuiltLibrary } from '../tokens/built-library.js';

let app: MortalMailApp | undefined;
beforeAll(async () => {
  requireBuiltLibrary();
  const mortal = new MortalMailApp(await postgresUrl(), await redisUrl());
  await mortal.start();
  app = mortal;
});
afterAll(() => app?.close());

// The application as it is built; `npm run proof -- account-kill` dies 300 times in each flow.
it.each(Object.entries(FLOWS))(
  'a process killed amid a flow of %s leaves nothing by halves (after npm run build)',
  { timeout: 180_000 },
  async (_, requests) => {
    const told = await dieAmid(app!, requests, 3);
    expect([...told.values()].reduce((sum, times) => sum + times, 0)).toBe(3);
  },
);

it('a mail that ends its process each time is sent twice and given up', { timeout: 180_000 }, () => dieOfOneMail(app!));
