import { createHash, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post, UnauthorizedException } from '@nestjs/common';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import jsonwebtoken from 'jsonwebtoken';
import { EntitySchema } from 'typeorm';
import { bearerOf, connection, gatehouse } from '../lib/gatehouse.mjs';
import { decorate, listen, rootModule } from '../lib/nest.mjs';

const KEY = createSecretKey(Buffer.from('pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC'));
const LIFE_MS = 14 * 24 * 3_600_000;

const tokens = new EntitySchema({
  name: 'RefreshToken',
  tableName: 'refresh_tokens',
  columns: {
    id: { type: 'varchar', length: 36, primary: true },
    userId: { name: 'user_id', type: 'varchar', length: 36 },
    family: { type: 'varchar', length: 36 },
    hash: { type: 'varchar', length: 64, unique: true },
    expiresAt: { name: 'expires_at', type: 'bigint' },
    usedAt: { name: 'used_at', type: 'bigint', nullable: true },
  },
  indices: [{ columns: ['family'] }],
});

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function successor(userId, family) {
  const text = randomBytes(32).toString('base64url');
  const row = { id: randomUUID(), userId, family, hash: sha256(text), expiresAt: Date.now() + LIFE_MS, usedAt: null };
  return { text, row };
}

/** A rotation as people write it with care: rows of SHA-256, one transaction, a claim that only one can win, reuse ends the family. */
class RefreshController {
  constructor(dataSource) {
    this.dataSource = dataSource;
  }

  async refresh({ refresh_token: text }) {
    const outcome = await this.dataSource.transaction(async (manager) => {
      const rows = manager.getRepository('RefreshToken');
      const row = await rows.findOneBy({ hash: sha256(text) });
      if (row === null || Number(row.expiresAt) < Date.now()) return undefined;
      const claim = rows.createQueryBuilder().update().set({ usedAt: Date.now() });
      const { affected } = await claim.where('id = :id AND used_at IS NULL', { id: row.id }).execute();
      if (affected !== 1) {
        await rows.delete({ family: row.family });
        return undefined;
      }
      const next = successor(row.userId, row.family);
      await rows.insert(next.row);
      return { text: next.text, userId: row.userId };
    });
    if (outcome === undefined) throw new UnauthorizedException();
    const access = jsonwebtoken.sign({ sub: outcome.userId }, KEY, { expiresIn: '15m' });
    return { access_token: access, token_type: 'Bearer', expires_in: 900, refresh_token: outcome.text };
  }
}
Controller()(RefreshController);
Inject(getDataSourceToken())(RefreshController, undefined, 0);
Body()(RefreshController.prototype, 'refresh', 0);
decorate(RefreshController, 'refresh', Post('auth/token/refresh'), HttpCode(200));

async function handWritten({ adapter, database, families }) {
  const options = { ...connection(database), entities: [tokens], synchronize: true, retryAttempts: 0 };
  const module = rootModule({ imports: [TypeOrmModule.forRoot(options)], controllers: [RefreshController] });
  const { app, url } = await listen(module, adapter);
  const made = Array.from({ length: families }, () => successor(randomUUID(), randomUUID()));
  await app
    .get(getDataSourceToken())
    .getRepository('RefreshToken')
    .insert(made.map(({ row }) => row));
  return { app, url, ask: { tokens: async () => made.map(({ text }) => text) } };
}

async function ours(settings) {
  const { app, url } = await gatehouse({ ...settings, auth: { sessions: { cap: 1_000 } } });
  const made = [];
  while (made.length < settings.families) made.push((await bearerOf(url)).refresh);
  return { app, url, ask: { tokens: async () => made } };
}

export const contestants = { handWritten, ours };
