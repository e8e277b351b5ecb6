import { Column, DeleteDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { STACKS } from '../support/app.js';
import { register, rowsOf, startOver } from './kit.js';
import type { Legacy } from './tables.js';

@Entity('leavers', { synchronize: false })
class Leaver {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 254, unique: true })
  email!: string;

  @DeleteDateColumn({ name: 'left_at', type: Date })
  leftAt!: Date | null;
}

const LEAVERS: Legacy = {
  entity: Leaver,
  table: 'leavers',
  userColumns: { passwordHash: null, emailVerifiedAt: null, createdAt: null },
  id: 'id',
  mail: 'email',
  hash: ['auth_accounts', 'password_hash'],
  ddl: (kind) =>
    `CREATE TABLE leavers (id ${kind === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'serial PRIMARY KEY'},
      email varchar(254) NOT NULL UNIQUE, left_at ${kind === 'sqlite' ? 'datetime' : 'timestamp'} NULL)`,
  auth: {},
  body: {},
  idForm: /^\d+$/,
};

describe.each(STACKS)('a user who is only marked as deleted, on $database', (stack) => {
  it('is no user: sessions end, nobody signs in, and the address stays taken without a word', async () => {
    const app = await startOver(LEAVERS, stack);
    const free = await register(app, LEAVERS, 'ada@example.com');
    const client = app.client();
    const { id } = (await client.signIn('ada@example.com')).body.user;
    await app.get(Accounts).changed(id, (manager) => manager.softDelete(Leaver, { id: Number(id) }));
    expect((await client.get('/whoami')).status).toBe(401);
    expect((await app.client().signIn('ada@example.com')).status).toBe(401);
    expect(await app.get(Accounts).find(id)).toBeUndefined();
    const taken = await register(app, LEAVERS, 'ada@example.com');
    expect([taken.status, taken.text]).toEqual([free.status, free.text]);
    expect(await rowsOf(app, 'leavers')).toHaveLength(1);
  });
});
