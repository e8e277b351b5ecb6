import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import type { EntityMetadata } from 'typeorm';
import { Database } from '../database/database.js';
import { StatementError } from '../database/statement-error.js';
import { AUTH_ENTITIES } from '../database/tokens.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { declaredFields } from '../options/declared-fields.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { OWNED_COLUMNS } from './auth-user.entity.js';

const OWNED: readonly string[] = OWNED_COLUMNS;
const NEVER_SHOWN: readonly string[] = ['passwordHash', 'emailCanonical'];

/** Compares the options with the application's user entity, before the first request. */
@Injectable()
export class UserEntityRules implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
    @Inject(AUTH_ENTITIES) private readonly entities: readonly Type[],
  ) {}

  async onModuleInit(): Promise<void> {
    const problems = this.problems();
    if (problems.length > 0) throw new StartUpError('the options do not fit the entities.', problems);
    await this.refuseMissingTables();
  }

  /** A table or column that is not there would be a 500 at the first request. */
  private async refuseMissingTables(): Promise<void> {
    const missing: string[] = [];
    for (const entity of this.entities) {
      const { name, tableName } = this.database.dataSource.getMetadata(entity);
      const readable = this.database.read((manager) =>
        manager.createQueryBuilder(entity, 'e').where('1 = 0').getMany(),
      );
      await readable.catch((error: unknown) => {
        if (!(error instanceof StatementError)) throw error;
        missing.push(
          `the table ${tableName} does not hold ${name}: ${error.message}. Run a migration, or set synchronize: true outside production.`,
        );
      });
    }
    if (missing.length > 0) throw new StartUpError('the database does not have the tables.', missing);
  }

  private problems(): string[] {
    const { dataSource } = this.database;
    const unknown = this.entities.filter((entity) => !dataSource.hasMetadata(entity)).map(({ name }) => name);
    if (unknown.length > 0) {
      return [
        `the DataSource does not know ${unknown.join(', ')}: set autoLoadEntities: true in TypeOrmModule.forRoot(), ` +
          `or entities: [...authEntities({ userEntity: ${this.structure.userEntity.name} }), ...].`,
      ];
    }
    const user = dataSource.getMetadata(this.structure.userEntity);
    const missing = OWNED.filter((name) => name !== 'roles' && !has(user, name));
    if (missing.length > 0)
      return [`userEntity: ${user.name} does not extend AuthUser (no column ${missing.join(', ')}).`];
    return [...this.identifierProblems(user), ...this.fieldProblems(user)];
  }

  private identifierProblems(user: EntityMetadata): string[] {
    return this.settings.identifiers
      .filter((name) => name !== 'email' && !isUnique(user, name))
      .map((name) => `identifiers: ${user.name}.${name} is no column with a unique index of its own.`);
  }

  private fieldProblems(user: EntityMetadata): string[] {
    const { profile, publicUserFields, registration } = this.settings;
    const shown = publicUserFields.flatMap((name) => {
      if (NEVER_SHOWN.includes(name)) return [`publicUserFields: ${name} is never shown.`];
      return has(user, name) ? [] : [`publicUserFields: ${user.name} has no column ${name}.`];
    });
    const defaults = Object.entries(registration.newUserDefaults).flatMap(([name, value]) => {
      const unique = `registration.newUserDefaults: ${name} is unique, so that no second user could be made.`;
      if (value !== null && isUnique(user, name)) return [unique];
      return this.writable(user, name, 'registration.newUserDefaults');
    });
    const registered = declaredFields(registration.fields).flatMap((name) => {
      const unique = `registration.fields: ${name} is unique, so that registering would tell whether it is taken. Let the signed-in owner choose it: profile.fields.`;
      return isUnique(user, name) ? [unique] : this.writable(user, name, 'registration.fields');
    });
    const changed = declaredFields(profile.fields).flatMap((name) => this.writable(user, name, 'profile.fields'));
    return [...shown, ...defaults, ...registered, ...changed];
  }

  private writable(user: EntityMetadata, name: string, option: string): string[] {
    if (OWNED.includes(name)) return [`${option}: ${name} belongs to Gatehouse and cannot be set.`];
    return has(user, name) ? [] : [`${option}: ${user.name} has no column ${name}.`];
  }
}

function has(entity: EntityMetadata, property: string): boolean {
  return entity.columns.some(({ propertyName }) => propertyName === property);
}

function isUnique(entity: EntityMetadata, property: string): boolean {
  const alone = (columns: readonly { propertyName: string }[]): boolean =>
    columns.length === 1 && columns[0]?.propertyName === property;
  return (
    entity.indices.some((index) => index.isUnique && alone(index.columns)) ||
    entity.uniques.some((unique) => alone(unique.columns))
  );
}
