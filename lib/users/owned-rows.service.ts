import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.js';
import { AUTH_ENTITIES } from '../database/tokens.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { Account } from './account.entity.js';

/**
 * Every row of our tables that is one user's, the account excepted: roles, sessions, links, earlier passwords. Found by the
 * metadata, so that no table is forgotten that joins them later.
 */
@Injectable()
export class OwnedRows {
  private found: readonly Type[] | undefined;

  constructor(
    private readonly database: Database,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
    @Inject(AUTH_ENTITIES) private readonly entities: readonly Type[],
  ) {}

  /** Inside `Database.write`: as many statements whoever it is. */
  async erase(manager: EntityManager, userId: string): Promise<void> {
    for (const entity of (this.found ??= this.owned())) await manager.delete(entity, { userId });
  }

  private owned(): readonly Type[] {
    const own = this.entities.filter((entity) => entity !== Account && entity !== this.structure.userEntity);
    return own.filter((entity) =>
      this.database.dataSource.getMetadata(entity).columns.some(({ propertyPath }) => propertyPath === 'userId'),
    );
  }
}
