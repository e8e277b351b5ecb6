import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Column, DataSource, DeleteDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { AuthOptions } from '../../lib/index.js';
import { beginInspection } from '../../lib/common/inspection.js';
import { SealedColumns } from '../../lib/database/sealed-columns.js';
import { SEALED_COLUMNS } from '../../lib/database/tokens.js';
import { Keyring } from '../../lib/keys/keyring.js';
import {
  DATABASES,
  serverOptions,
  startApp,
  type AppSetup,
  type DatabaseKind,
  type TestApp,
  type User,
} from '../support/app.js';
import { newSecret } from './kit.js';

/** Column names that need quotes, and rows that are deleted and kept. */
@Entity('vault entries')
class VaultEntry {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'sealed text', type: 'text', nullable: true })
  sealed!: string | null;

  @DeleteDateColumn({ name: 'deleted_at' })
  deletedAt!: Date | null;
}

type Secrets = Pick<AuthOptions<User>, 'secret' | 'secrets' | 'acceptedSecrets'>;
type Start = (secrets: Secrets) => Promise<TestApp>;

const [A, B, C] = [newSecret(), newSecret(), newSecret()];
const LONG_AGO = '2020-01-01T00:00:00Z';
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Starts applications one after the other on one database. */
async function onOne(kind: DatabaseKind): Promise<Start> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-sealed-'));
  undo.push(() => rm(folder, { recursive: true }));
  let server: string | undefined;
  return async (auth) => {
    const app = await startApp({ ...placeOf(kind, folder, server), auth, entities: [VaultEntry], override });
    server = app.databaseUrl;
    undo.push(() => app.close());
    return app;
  };
}

function placeOf(kind: DatabaseKind, folder: string, server: string | undefined): AppSetup {
  if (kind === 'sqlite') return { typeorm: { database: path.join(folder, 'vault.sqlite') } };
  return server === undefined ? { database: kind } : { databaseUrl: server };
}

const override: AppSetup['override'] & object = (builder) =>
  builder
    .overrideProvider(SEALED_COLUMNS)
    .useValue([{ entity: VaultEntry, column: 'sealed', place: (id: string) => id }]);

/** Seals rows of its own under whatever secret seals there. */
async function seal(app: TestApp, ...ids: readonly string[]): Promise<void> {
  const rows = ids.map((id) => ({ id, sealed: app.get(Keyring).seal(`value of ${id}`, `vault.sealed.${id}`) }));
  await app.dataSource.getRepository(VaultEntry).save(rows);
}

async function opened(app: TestApp): Promise<readonly (string | undefined)[]> {
  const rows = await app.dataSource.getRepository(VaultEntry).find({ order: { id: 'ASC' }, withDeleted: true });
  return rows.map(({ id, sealed }) => app.get(Keyring).open(sealed ?? '', `vault.sealed.${id}`));
}

const messageOf = (starting: Promise<unknown>): Promise<string> =>
  starting.then(
    () => 'started',
    (error: unknown) => (error as Error).message,
  );

describe.each(DATABASES)('sealed rows under three key ids on %s', (kind) => {
  it('open while their secrets are configured, and refuse a start that has lost one, with the count', async () => {
    const start = await onOne(kind);
    const first = await start({ secret: A });
    await seal(first, 'a1', 'a2', 'a3');
    await seal(await start({ secret: B, acceptedSecrets: [{ secret: A }] }), 'b1', 'b2');
    const all = {
      secret: C,
      acceptedSecrets: [
        { secret: A, notAfter: LONG_AGO },
        { secret: B, use: 'unseal' },
      ],
    } as const;
    const third = await start(all);
    await seal(third, 'c1');
    const rows = third.dataSource.getRepository(VaultEntry);
    await rows.save({ id: 'd-nothing', sealed: null });
    await rows.save({ id: 'e-never-sealed', sealed: 'v1.plain text' });
    await rows.softDelete({ id: 'a2' });
    const values = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((id) => `value of ${id}`);
    expect(await opened(third)).toEqual([...values, undefined, undefined]);

    const kidOf = (app: TestApp) => app.get(Keyring).sealKids()[0]!;
    const lost = await messageOf(start({ secret: C }));
    expect(lost).toContain(
      `vault entries.sealed: 3 sealed by a secret that is not configured (key id ${kidOf(first)})`,
    );
    expect(lost).toContain('vault entries.sealed: 2 sealed by a secret');
    expect(lost).not.toContain(kidOf(third));
    expect(lost).not.toMatch(/value of|v1\./);
    expect(await messageOf(start({ secret: C, acceptedSecrets: [{ secret: A }] }))).toContain('sealed: 2 sealed');
    expect(await messageOf(start({ secret: newSecret(), acceptedSecrets: all.acceptedSecrets }))).toContain(
      'sealed: 1 sealed',
    );
    expect(await messageOf(start(all))).toBe('started');
  });

  it('open under the main secret when sealing gets a secret of its own', async () => {
    const start = await onOne(kind);
    await seal(await start({ secret: A }), 'a1');
    const own = await start({ secret: A, secrets: { seal: B } });
    await seal(own, 'b1');
    expect(await opened(own)).toEqual(['value of a1', 'value of b1']);
    expect(await messageOf(start({ secret: C, secrets: { seal: B } }))).toContain('sealed: 1 sealed');
    const back = await start({ secret: A, acceptedSecrets: [{ secret: B, use: 'unseal' }] });
    expect(await opened(back)).toEqual(['value of a1', 'value of b1']);
  });
});

it('no table, no complaint: a table that is missing is told of by those who need it', async () => {
  const app = await startApp({
    entities: [VaultEntry],
    typeorm: { synchronize: true },
    override: (builder) =>
      builder.overrideProvider(SEALED_COLUMNS).useValue([{ entity: class Unknown {}, column: 'x', place: String }]),
  });
  await app.close();
});

it('key ids that differ by case alone are different ones', async () => {
  const start = await onOne('mariadb');
  const app = await start({ secret: A });
  const [kid = ''] = app.get(Keyring).sealKids();
  const swapped = kid.replace(/[a-z]/i, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
  await app.dataSource.getRepository(VaultEntry).save([
    { id: '1', sealed: `v1.${kid}.x.y` },
    { id: '2', sealed: `v1.${swapped}.x.y` },
  ]);
  expect(await messageOf(start({ secret: A }))).toContain(
    `1 sealed by a secret that is not configured (key id ${swapped})`,
  );
});

it('a table that does not answer in time stops no start, and is told of; an inspection is not content with that', async () => {
  const app = await startApp({
    database: 'postgres',
    entities: [VaultEntry],
    override,
    auth: { secret: A, database: { timeout: '500ms' } },
  });
  undo.push(() => app.close());
  const other = await new DataSource(serverOptions(app.databaseUrl!)).initialize();
  undo.push(() => other.destroy());
  const runner = other.createQueryRunner();
  await runner.startTransaction();
  await runner.query('LOCK TABLE "vault entries" IN ACCESS EXCLUSIVE MODE');
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  undo.push(async () => warn.mockRestore());
  await app.get(SealedColumns).onModuleInit();
  expect(warn.mock.calls.map(([line]) => String(line))).toEqual([
    expect.stringContaining('vault entries.sealed could not be looked through in time'),
  ]);
  const end = beginInspection({ onlyOptions: false });
  const looked = await messageOf(app.get(SealedColumns).onModuleInit()).finally(end);
  await runner.rollbackTransaction();
  await runner.release();
  expect(looked).not.toBe('started');
});
