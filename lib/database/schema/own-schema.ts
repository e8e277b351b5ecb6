import type { Type } from '@nestjs/common';
import type { DataSource, EntityMetadata } from 'typeorm';
import { AuthSchemaBuilder } from './auth-schema-builder.js';

/** Compares some entities with the database and changes neither: for a data source that others use. */
export class OwnSchema extends AuthSchemaBuilder {
  constructor(
    dataSource: DataSource,
    private readonly entities: readonly Type[],
  ) {
    super(dataSource);
  }

  /** How many statements would bring the tables up to date. */
  async missing(): Promise<number> {
    const { upQueries } = await this.log();
    return upQueries.length;
  }

  protected override get entityToSyncMetadatas(): EntityMetadata[] {
    return super.entityToSyncMetadatas.filter(({ target }) => this.entities.includes(target as Type));
  }

  protected override get viewEntityToSyncMetadatas(): EntityMetadata[] {
    return [];
  }
}
