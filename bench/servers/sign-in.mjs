import bcrypt from 'bcrypt';
import { Accounts, Public } from 'nestjs-gatehouse';
import { betterAuthApplication } from './better-auth.mjs';
import { gatehouse, PASSWORD } from '../lib/gatehouse.mjs';
import { helloController } from '../lib/nest.mjs';

export const SIGN_IN_ACCOUNTS = 100;

/** `bcrypt.compare` alone, in the very process that signs in: as many at once, as many in all. Answers how many a second. */
async function raw({ cost, amount, inFlight }) {
  const hash = await bcrypt.hash(PASSWORD, cost);
  const begun = performance.now();
  let left = amount;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await bcrypt.compare(PASSWORD, hash);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return amount / ((performance.now() - begun) / 1_000);
}

async function ours(settings) {
  const auth = {
    passwords: { cost: settings.cost },
    // All clients of this measurement come from one address.
    attempts: { sharedAddresses: ['127.0.0.0/8'] },
  };
  const { app, url } = await gatehouse({ ...settings, auth }, { controllers: [helloController(Public())] });
  const accounts = app.get(Accounts, { strict: false });
  const make = async (index) =>
    accounts.create({ email: `ada${index}@example.com`, password: PASSWORD, emailVerified: true });
  for (let index = 0; index < SIGN_IN_ACCOUNTS; index++) await make(index);
  return { app, url, ask: { raw } };
}

async function betterAuth(settings) {
  return { ...(await betterAuthApplication(settings, {})), ask: { raw } };
}

export const contestants = { ours, betterAuth };
