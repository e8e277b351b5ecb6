import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import type { EntityMetadata } from 'typeorm';
import { Database } from '../database/database.js';
import { AUTH_ENTITIES } from '../database/tokens.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { OWNED_COLUMNS } from './auth-user.entity.js';
import { declaredFields } from './declared-fields.js';

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

  onModuleInit(): void {
    const problems = this.problems();
    if (problems.length > 0) throw new StartUpError('the options do not fit the entities.', problems);
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
    const { publicUserFields, registration } = this.settings;
    const shown = publicUserFields.flatMap((name) => {
      if (NEVER_SHOWN.includes(name)) return [`publicUserFields: ${name} is never shown.`];
      return has(user, name) ? [] : [`publicUserFields: ${user.name} has no column ${name}.`];
    });
    const defaults = Object.keys(registration.newUserDefaults).flatMap((name) =>
      this.writable(user, name, 'registration.newUserDefaults'),
    );
    const declared = declaredFields(registration.fields).flatMap((name) => {
      const unique = `registration.fields: ${name} is unique, so that registering would tell whether it is taken. Let the signed-in owner choose it.`;
      return isUnique(user, name) ? [unique] : this.writable(user, name, 'registration.fields');
    });
    return [...shown, ...defaults, ...declared];
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
