import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Reseal, type AuthOptions, type SealedCount } from '../../lib/index.js';
import type { SealedColumn } from '../../lib/database/sealed-columns.js';
import { SEALED_COLUMNS } from '../../lib/database/tokens.js';
import { Keyring } from '../../lib/keys/keyring.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { letterPlace } from '../../lib/mail/outbox.js';
import { DATABASES, startApp, type AppSetup, type DatabaseKind, type TestApp, type User } from '../support/app.js';
import { newSecret } from './kit.js';

type Secrets = Pick<AuthOptions<User>, 'secret' | 'secrets' | 'acceptedSecrets'>;

const [A, B, C] = [newSecret(), newSecret(), newSecret()];
const COLUMN = 'auth_outbox.sealed';
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Starts applications one after the other on one database. */
async function onOne(kind: DatabaseKind): Promise<(secrets: Secrets) => Promise<TestApp>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-reseal-'));
  undo.push(() => rm(folder, { recursive: true }));
  let server: string | undefined;
  return async (auth) => {
    const app = await startApp({ ...placeOf(kind, folder, server), auth: { jobs: 'manual', ...auth } });
    server = app.databaseUrl;
    undo.push(() => app.close());
    return app;
  };
}

function placeOf(kind: DatabaseKind, folder: string, server: string | undefined): AppSetup {
  if (kind === 'sqlite') return { typeorm: { database: path.join(folder, 'reseal.sqlite') } };
  return server === undefined ? { database: kind } : { databaseUrl: server };
}

const idOf = (index: number): string => `row-${String(index).padStart(4, '0')}`;

async function seal(app: TestApp, from: number, to: number): Promise<void> {
  const rows = Array.from({ length: to - from }, (_, index) => {
    const id = idOf(from + index);
    return { id, sealed: app.get(Keyring).seal(`letter ${id}`, letterPlace(id)), createdAt: 0, dueAt: 4e12 };
  });
  await app.dataSource.getRepository(OutboxEntry).insert(rows);
}

async function opened(app: TestApp): Promise<readonly (string | undefined)[]> {
  const rows = await app.dataSource.getRepository(OutboxEntry).find({ order: { id: 'ASC' } });
  return rows.map(({ id, sealed }) => app.get(Keyring).open(sealed ?? '', letterPlace(id)));
}

const letters = (to: number): readonly string[] => Array.from({ length: to }, (_, index) => `letter ${idOf(index)}`);
const kidOf = (app: TestApp): string => app.get(Keyring).sealKids()[0]!;
const counted = (app: TestApp): Promise<readonly SealedCount[]> => app.get(Reseal).count();

/** After B a present secret C: `a` rows of A, then `b` of B. */
async function threeSecrets(kind: DatabaseKind, a: number, b: number) {
  const start = await onOne(kind);
  const first = await start({ secret: A });
  await seal(first, 0, a);
  const second = await start({ secret: B, acceptedSecrets: [{ secret: A }] });
  await seal(second, a, a + b);
  const accepted = [
    { secret: A, notAfter: '2020-01-01T00:00:00Z' },
    { secret: B, use: 'unseal' as const },
  ];
  const app = await start({ secret: C, acceptedSecrets: accepted });
  return { start, app, kids: [kidOf(first), kidOf(second), kidOf(app)] as const };
}

describe.each(DATABASES)('sealing anew on %s', (kind) => {
  it('leaves nothing under an earlier secret, in any number of batches, and nothing to do the next time', async () => {
    const { start, app, kids } = await threeSecrets(kind, 30, 15);
    await seal(app, 45, 50);
    await app.dataSource.getRepository(OutboxEntry).insert({ id: 'row-none', sealed: null, createdAt: 0 });
    expect(app.get(Reseal).keyIds()).toEqual({ current: kids[2], earlier: [kids[0], kids[1]] });
    expect([...(await counted(app))].sort((x, y) => y.rows - x.rows)).toEqual([
      { column: COLUMN, kid: kids[0], rows: 30, standing: 'opens' },
      { column: COLUMN, kid: kids[1], rows: 15, standing: 'opens' },
      { column: COLUMN, kid: kids[2], rows: 5, standing: 'current' },
    ]);
    const seen: number[] = [];
    const report = await app.get(Reseal).run({ batch: 17, onProgress: (progress) => seen.push(progress.seen) });
    expect(report).toEqual({ resealed: 45, overtaken: 0, unopened: 0, interrupted: false });
    expect(seen).toEqual([17, 34, 51]);
    expect(await counted(app)).toEqual([{ column: COLUMN, kid: kids[2], rows: 50, standing: 'current' }]);
    expect((await opened(app)).slice(0, 50)).toEqual(letters(50));
    expect(await app.get(Reseal).run()).toMatchObject({ resealed: 0, interrupted: false });
    // The earlier ones may go.
    const last = await start({ secret: C });
    expect((await opened(last)).slice(0, 50)).toEqual(letters(50));
  });

  it('leaves what does not open as it is, and counts it', async () => {
    const { app, kids } = await threeSecrets(kind, 4, 2);
    const rows = app.dataSource.getRepository(OutboxEntry);
    const one = await rows.findOneByOrFail({ id: idOf(0) });
    // Text of another row, text of a secret that is gone, text that was never sealed.
    await rows.update({ id: idOf(1) }, { sealed: one.sealed });
    await rows.update({ id: idOf(2) }, { sealed: 'v1.AAAAAAAA.AAAA.AAAA' });
    await rows.update({ id: idOf(3) }, { sealed: 'never sealed' });
    const before = await rows.findBy([{ id: idOf(1) }, { id: idOf(2) }, { id: idOf(3) }]);
    expect(await app.get(Reseal).run({ batch: 2 })).toMatchObject({ resealed: 3, unopened: 3 });
    expect(await rows.findBy([{ id: idOf(1) }, { id: idOf(2) }, { id: idOf(3) }])).toEqual(before);
    expect([...(await counted(app))].map(({ kid, standing }) => [kid, standing])).toEqual(
      expect.arrayContaining([
        [kids[2], 'current'],
        [kids[0], 'opens'],
        ['AAAAAAAA', 'lost'],
        [undefined, 'lost'],
      ]),
    );
  });

  it('never undoes what others write meanwhile, and goes on where a run was ended', async () => {
    const { app, kids } = await threeSecrets(kind, 20, 0);
    const rows = app.dataSource.getRepository(OutboxEntry);
    const keyring = app.get(Keyring);
    const open = keyring.open.bind(keyring);
    const others = [rows.update({ id: idOf(3) }, { sealed: null }), rows.delete({ id: idOf(4) })];
    await Promise.all(others);
    // Between the reading of a row and its change somebody else empties it.
    let overtaking: Promise<unknown> = Promise.resolve();
    keyring.open = (sealed, place) => {
      if (place === letterPlace(idOf(7))) overtaking = rows.update({ id: idOf(7) }, { sealed: null });
      return open(sealed, place);
    };
    const write = app.get(Reseal)['database'].write.bind(app.get(Reseal)['database']);
    app.get(Reseal)['database'].write = async (work, options) => {
      await overtaking;
      return write(work, options);
    };
    const ending = new AbortController();
    const first = await app.get(Reseal).run({
      batch: 10,
      signal: ending.signal,
      onProgress: () => ending.abort(),
    });
    expect(first).toMatchObject({ overtaken: 1, interrupted: true });
    expect((await rows.findOneByOrFail({ id: idOf(7) })).sealed).toBeNull();
    const second = await app.get(Reseal).run({ batch: 10 });
    expect(second).toMatchObject({ overtaken: 0, interrupted: false });
    expect(first.resealed + second.resealed).toBe(17);
    expect(await counted(app)).toEqual([{ column: COLUMN, kid: kids[2], rows: 17, standing: 'current' }]);
  });
});

it('several runs at once seal every row anew once', async () => {
  const { app } = await threeSecrets('postgres', 60, 0);
  const reports = await Promise.all(Array.from({ length: 5 }, () => app.get(Reseal).run({ batch: 20 })));
  expect(reports.reduce((sum, { resealed }) => sum + resealed, 0)).toBe(60);
  expect(await opened(app)).toEqual(letters(60));
});

it('every column of the manifest is sealed for the place that it names', async () => {
  const start = await onOne('sqlite');
  const app = await start({ secret: A });
  const columns = app.get<readonly SealedColumn[]>(SEALED_COLUMNS as never);
  expect(columns.map(({ place }) => place('7')).sort()).toEqual([
    'auth_identities.tokens.7',
    'auth_outbox.sealed.7',
    'auth_totp.sealed.7',
  ]);
});
