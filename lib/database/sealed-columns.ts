import { Inject, Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { currentInspection } from '../common/inspection.js';
import { AuthError } from '../errors/auth-error.js';
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
  private readonly logger = new Logger('Gatehouse');

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
    const rows = await this.unknownHeads(sealed, tableName);
    return rows.flatMap(({ head, amount }) => {
      const kid = HEAD.exec(head)?.[1];
      if (kid === undefined) return [];
      return [
        `${tableName}.${sealed.column}: ${Number(amount)} sealed by a secret that is not configured (key id ${kid}). ` +
          "Put that secret back into acceptedSecrets: use: 'unseal' is enough.",
      ];
    });
  }

  /** Rows whose key id is not configured. There are none in a sound database, so that nothing is left to be grouped. */
  private async unknownHeads({ entity, column }: SealedColumn, tableName: string): Promise<SealedRows[]> {
    const { dataSource } = this.database;
    const isHex = isMysql(dataSource);
    const heads = this.keyring.sealKids().map((kid) => `v1.${kid}`);
    const known = isHex ? heads.map((each) => Buffer.from(each, 'latin1').toString('hex').toUpperCase()) : heads;
    const text = `SUBSTR(row.${column}, 1, ${HEAD_LENGTH})`;
    // Most collations of MySQL take key ids that differ by case for the same.
    const head = isHex ? `HEX(${text})` : text;
    const read = this.database.read((manager) =>
      manager
        .createQueryBuilder(entity, 'row')
        .withDeleted()
        .select(head, 'head')
        .addSelect('COUNT(*)', 'amount')
        .where(`row.${column} IS NOT NULL`)
        .andWhere(`${head} NOT IN (:...known)`, { known })
        .groupBy(head)
        .getRawMany<SealedRows>(),
    );
    const rows = await read.catch((error: unknown): SealedRows[] => {
      // A table or column that is not there is told of elsewhere.
      if (error instanceof StatementError) return [];
      // A large table is no reason not to start; an inspection says that it could not look.
      if (!(error instanceof AuthError) || currentInspection() !== undefined) throw error;
      this.logger.warn(
        `${tableName}.${column} could not be looked through in time for secrets that have been removed.`,
      );
      return [];
    });
    if (!isHex) return rows;
    return rows.map((row) => ({ ...row, head: Buffer.from(row.head, 'hex').toString('latin1') }));
  }
}
