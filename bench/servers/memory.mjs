import { FastPasswordHasher } from 'nestjs-gatehouse/testing';
import { Accounts, PasswordHasher } from 'nestjs-gatehouse';
import { cookieOf, gatehouse, PASSWORD } from '../lib/gatehouse.mjs';
import { helloController } from '../lib/nest.mjs';

/** Hashes that cost nothing: what is looked at is what a sign-in leaves behind. */
export const fastHashes = { overrides: [{ provide: PasswordHasher, useClass: FastPasswordHasher }] };

async function application(settings) {
  const auth = { ...fastHashes, attempts: { sharedAddresses: ['127.0.0.0/8'] } };
  const { app, url } = await gatehouse({ ...settings, auth }, { controllers: [helloController()] });
  const accounts = app.get(Accounts, { strict: false });
  const make = (index) =>
    accounts.create({ email: `ada${index}@example.com`, password: PASSWORD, emailVerified: true });
  for (let index = 0; index < settings.accounts; index++) await make(index);
  return { app, url, headers: { cookie: await cookieOf(url) } };
}

export const contestants = { application };
