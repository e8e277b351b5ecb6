import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { StartUpError } from '../errors/start-up-error.js';
import { Keyring } from '../keys/keyring.js';
import { Database } from './database.js';
import { isMysql } from './dialect.js';
import { StatementError } from './statement-error.js';
import { SEALED_COLUMNS } from './tokens.js';

/** A column that holds text of `Keyring.seal`. The primary key of its entity is `id`, a text. */
export interface SealedColumn {
  readonly entity: Type;
  /** Property of the entity. */
  readonly column: string;
  /** What the text of a row is sealed for, by the id of the row. */
  readonly place: (id: string) => string;
}

interface SealedRows {
  /** The version and key id that sealed text begins with. */
  readonly head: string;
  readonly amount: string | number;
}

const HEAD = /^v1\.([\w-]{8})$/;
const HEAD_LENGTH = 11;

/**
 * Refuses a start after which sealed text could not be opened any more, because the secret that sealed it has been removed:
 * it is noticed while the secret is still at hand, and not when the first user is locked out.
 */
@Injectable()
export class SealedColumns implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    @Inject(SEALED_COLUMNS) private readonly columns: readonly SealedColumn[],
  ) {}

  async onModuleInit(): Promise<void> {
    const { dataSource } = this.database;
    // An entity that the DataSource does not know is told of elsewhere.
    const known = this.columns.filter(({ entity }) => dataSource.hasMetadata(entity));
    const problems: string[] = [];
    for (const column of known) problems.push(...(await this.lost(column)));
    if (problems.length > 0) throw new StartUpError('sealed data could not be opened any more.', problems);
  }

  private async lost(sealed: SealedColumn): Promise<string[]> {
    const { tableName } = this.database.dataSource.getMetadata(sealed.entity);
    const kids = new Set(this.keyring.sealKids());
    const rows = await this.rowsByHead(sealed);
    return rows.flatMap(({ head, amount }) => {
      const kid = HEAD.exec(head)?.[1];
      if (kid === undefined || kids.has(kid)) return [];
      return [
        `${tableName}.${sealed.column}: ${Number(amount)} sealed by a secret that is not configured (key id ${kid}). ` +
          "Put that secret back into acceptedSecrets: use: 'unseal' is enough.",
      ];
    });
  }

  private async rowsByHead({ entity, column }: SealedColumn): Promise<SealedRows[]> {
    const { dataSource } = this.database;
    const text = `SUBSTR(row.${column}, 1, ${HEAD_LENGTH})`;
    // Most collations of MySQL take key ids that differ by case for the same.
    const head = isMysql(dataSource) ? `HEX(${text})` : text;
    const read = this.database.read((manager) =>
      manager
        .createQueryBuilder(entity, 'row')
        .withDeleted()
        .select(head, 'head')
        .addSelect('COUNT(*)', 'amount')
        .where(`row.${column} IS NOT NULL`)
        .groupBy(head)
        .getRawMany<SealedRows>(),
    );
    const rows = await read.catch((error: unknown): SealedRows[] => {
      // A table or column that is not there is told of elsewhere.
      if (error instanceof StatementError) return [];
      throw error;
    });
    if (!isMysql(dataSource)) return rows;
    return rows.map((row) => ({ ...row, head: Buffer.from(row.head, 'hex').toString('latin1') }));
  }
}
