import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { declaredFields } from '../options/declared-fields.js';
import { columnType, isTextType, type ColumnMetadata } from './column-types.js';
import { findColumn } from './user-column-map.js';
import { UserTable } from './user-table.js';

const NUMBERS =
  /^(?:tiny|small|medium|big)?int(?:eger|\d)?$|^(?:float|double|double precision|real|numeric|decimal)\d?$/;

/**
 * Columns that requests may set, at registration and in the profile. Whoever set them before the address was proven may
 * not have been its owner, so nothing of it may be left in the account of the one who proved it.
 */
@Injectable()
export class UnprovenFields {
  constructor(
    private readonly table: UserTable,
    private readonly database: Database,
    private readonly settings: AuthSettings,
  ) {}

  /** Inside `Database.write`: puts them back to what a new user has: `newUserDefaults`, the column's default, or nothing. */
  async reset(manager: EntityManager, userId: string): Promise<void> {
    const { registration, profile } = this.settings;
    const names = new Set([registration.fields, profile.fields].flatMap(declaredFields));
    const values: Record<string, unknown> = {};
    for (const name of names) {
      const column = findColumn(this.table.metadata, name);
      if (column === undefined || this.table.columns.owned.has(name)) continue;
      const value = name in registration.newUserDefaults ? registration.newUserDefaults[name] : this.blank(column);
      if (value !== undefined) values[name] = value;
    }
    if (Object.keys(values).length > 0) await this.table.update(manager, userId, values);
  }

  private blank(column: ColumnMetadata): unknown {
    const { driver } = this.database.dataSource;
    const preset = driver.normalizeDefault(column);
    if (preset !== undefined) return () => preset;
    if (column.isNullable) return null;
    const type = columnType(driver, column);
    if (type === 'boolean') return false;
    if (NUMBERS.test(type)) return 0;
    return isTextType(type) ? '' : undefined;
  }
}
