import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { textValues } from '../common/text-values.js';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { declaredFields } from '../options/declared-fields.js';
import { findColumn } from './user-column-map.js';
import { UserTable } from './user-table.js';

type Values = Readonly<Record<string, unknown>>;

/** Reads the application's own columns of a user: those that requests set, and those that sign in. */
@Injectable()
export class OwnColumns {
  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly settings: AuthSettings,
  ) {}

  /** Texts that the owner, or whoever made the account, has chosen for it, such as a name. One read; none without columns. */
  async wordsOf(userId: string): Promise<readonly string[]> {
    const { registration, profile, identifiers } = this.settings;
    const declared = [registration.fields, profile.fields].flatMap(declaredFields);
    const own = [...declared, ...identifiers].filter((name) => !this.table.columns.owned.has(name));
    const names = [...new Set(own)].filter((name) => findColumn(this.table.metadata, name) !== undefined);
    if (names.length === 0) return [];
    return textValues((await this.database.read((manager) => this.read(manager, userId, names))) ?? {});
  }

  /** The values as the entity holds them, columns that are not selected by themselves too; `undefined` for nobody. */
  async read(manager: EntityManager, userId: string, names: readonly string[]): Promise<Values | undefined> {
    const { table } = this;
    const key = table.keyOf(userId);
    if (key === undefined) return undefined;
    const query = manager
      .createQueryBuilder(table.entity, 'u')
      .select(table.idText, 'userId')
      .where(`${table.path('id')} = :key`, { key });
    for (const [index, name] of names.entries()) query.addSelect(`u.${name}`, `own${index}`);
    const rows = await query.getRawMany<Values>();
    const row = rows.find((candidate) => String(candidate['userId']) === userId);
    if (row === undefined) return undefined;
    return Object.fromEntries(names.map((name, index) => [name, this.valueOf(name, row[`own${index}`])]));
  }

  private valueOf(name: string, raw: unknown): unknown {
    const column = findColumn(this.table.metadata, name);
    return column === undefined ? raw : (this.database.dataSource.driver.prepareHydratedValue(raw, column) as unknown);
  }
}
