import type { Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** The table of an entity as raw SQL names it, schema included. */
export function tableName({ connection }: EntityManager, entity: Type): string {
  const { tablePath } = connection.getMetadata(entity);
  return tablePath
    .split('.')
    .map((part) => connection.driver.escape(part))
    .join('.');
}
