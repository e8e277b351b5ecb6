import type { DataSource } from 'typeorm';
import { currentInspection } from '../common/inspection.js';
import { markWithheld, withholdSchemaWork } from '../database/schema-work.js';

type DataSourceClass = { readonly prototype: DataSource };
type Initialize = DataSource['initialize'];
type SchemaMethods = Pick<DataSource, 'synchronize' | 'dropDatabase' | 'runMigrations' | 'undoLastMigration'>;

/** What an application may call by itself, in a factory or at the top of a file. */
const WITHHELD: SchemaMethods & ThisType<DataSource> = {
  async synchronize(dropBeforeSync = false) {
    markWithheld(this, { synchronize: true, ...(dropBeforeSync ? { dropSchema: true } : {}) });
  },
  async dropDatabase() {
    markWithheld(this, { dropSchema: true });
  },
  async runMigrations() {
    markWithheld(this, { migrationsRun: true });
    return [];
  },
  async undoLastMigration() {
    markWithheld(this, { migrationsRun: true });
  },
};

/** Every `DataSource` that an application connects. */
export class DataSourceWatch {
  readonly seen = new Set<DataSource>();

  /**
   * From here on `synchronize`, `dropSchema` and `migrationsRun` are withheld, whether an option or a call asks for them.
   * Watches end in the opposite order of their beginning. An inspection goes on without a database that cannot be reached, or is not to be. Returns what undoes it.
   */
  begin(classes: readonly DataSourceClass[]): () => void {
    const prototypes = [...new Set(classes.map(({ prototype }) => prototype))];
    const ends = prototypes.map((prototype) => this.wrap(prototype));
    return () => {
      for (const end of ends) end();
    };
  }

  async close(): Promise<void> {
    const connected = [...this.seen].filter(({ isInitialized }) => isInitialized);
    await Promise.allSettled(connected.map((dataSource) => dataSource.destroy()));
  }

  private wrap(prototype: DataSource): () => void {
    const names = ['initialize', ...Object.keys(WITHHELD)];
    const originals = names.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)!] as const);
    const { seen } = this;
    const original = Object.getOwnPropertyDescriptor(prototype, 'initialize') as TypedPropertyDescriptor<Initialize>;
    Object.assign(prototype, WITHHELD);
    prototype.initialize = function initialize(this: DataSource): Promise<DataSource> {
      seen.add(this);
      withholdSchemaWork(this);
      return connect(this, original.value!);
    };
    return () => {
      for (const [name, descriptor] of originals) Object.defineProperty(prototype, name, descriptor);
    };
  }
}

async function connect(dataSource: DataSource, initialize: Initialize): Promise<DataSource> {
  const inspection = currentInspection();
  if (inspection?.onlyOptions === true) return disconnected(dataSource, new Error('not asked'));
  try {
    return await initialize.call(dataSource);
  } catch (error) {
    // Entities that cannot be are no matter of the connection.
    if (inspection === undefined || !hasCode(error)) throw error;
    return disconnected(dataSource, error);
  }
}

/** Entities are known, and nothing is answered. */
async function disconnected(dataSource: DataSource, reason: Error): Promise<DataSource> {
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  dataSource.createQueryRunner = () => {
    throw reason;
  };
  return dataSource;
}

/** What drivers throw. */
function hasCode(error: unknown): error is Error {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
