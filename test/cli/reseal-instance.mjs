import { writeSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { Accounts } from 'nestjs-gatehouse';
import { Identity, Keyring, OutboxEntry, TotpCredential } from '../../dist/internals.js';
import { AppModule } from './reseal-app.module.mjs';

/** One instance of the application, with what a test needs that has no route. */
const FAR_OFF = 4_000_000_000_000;
const AT_ONCE = 500;
const KINDS = [
  {
    entity: TotpCredential,
    column: 'sealed',
    place: 'auth_totp.sealed',
    rest: (id) => ({
      userId: `of-${id}`,
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
      lastStep: 0,
      createdAt: 0,
      confirmedAt: 1,
    }),
  },
  {
    entity: Identity,
    column: 'tokens',
    place: 'auth_identities.tokens',
    rest: (id) => ({
      userId: `of-${id}`,
      provider: 'google',
      issuer: 'https://accounts.example.com',
      subject: id,
      createdAt: 0,
      lastUsedAt: 0,
    }),
  },
  {
    entity: OutboxEntry,
    column: 'sealed',
    place: 'auth_outbox.sealed',
    rest: () => ({ createdAt: 0, dueAt: FAR_OFF }),
  },
];

const app = await NestFactory.create(AppModule, { logger: ['error'] });
app.enableShutdownHooks(['SIGTERM']);
const database = app.get(getDataSourceToken());
const keyring = app.get(Keyring, { strict: false });

async function seed(count) {
  for (const { entity, column, place, rest } of KINDS) {
    const rows = Array.from({ length: count }, (_, index) => {
      const id = `seed-${String(index).padStart(8, '0')}`;
      return { id, [column]: keyring.seal(`value of ${id}`, `${place}.${id}`), ...rest(id) };
    });
    while (rows.length > 0) await database.manager.insert(entity, rows.splice(0, AT_ONCE));
  }
}

/** Opens everything that was seeded, and counts by key id. */
async function survey() {
  const result = { good: 0, wrong: 0, kids: {} };
  for (const { entity, column, place } of KINDS) {
    for (const row of await database.manager.find(entity)) {
      const text = row[column];
      if (text === null) continue;
      const [, kid] = text.split('.');
      result.kids[kid] = (result.kids[kid] ?? 0) + 1;
      if (!row.id.startsWith('seed-')) continue;
      result[keyring.open(text, `${place}.${row.id}`) === `value of ${row.id}` ? 'good' : 'wrong'] += 1;
    }
  }
  return result;
}

const BACKSTAGE = {
  '/backstage/seed': (query) => seed(Number(query.get('count'))),
  '/backstage/survey': survey,
  '/backstage/kid': () => keyring.sealKids()[0],
  '/backstage/person': (query) =>
    app
      .get(Accounts, { strict: false })
      .create({ email: query.get('email'), password: query.get('password'), emailVerified: true }),
};

app.use((request, response, next) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const work = BACKSTAGE[pathname];
  if (work === undefined) return next();
  Promise.resolve(work(searchParams)).then((answer) => response.end(JSON.stringify(answer ?? null)), next);
});
await app.listen(0, '127.0.0.1');
writeSync(1, `READY ${await app.getUrl()}\n`);
