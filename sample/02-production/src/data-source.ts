import 'reflect-metadata';
import { authEntities } from 'nestjs-gatehouse';
import { DataSource } from 'typeorm';
import { ConfigurationError } from './configuration.js';
import { databaseOptions } from './database.js';
import { Order } from './orders/order.entity.js';
import { User } from './user.entity.js';

const { DATABASE_URL } = process.env;
if (!DATABASE_URL) throw new ConfigurationError(['DATABASE_URL is not set: the database whose tables are meant']);

/**
 * For migrations and the command line of TypeORM: they need the database alone, so no key and no address is asked for.
 * The application makes a data source of its own.
 */
export const dataSource = new DataSource({
  ...databaseOptions({ databaseUrl: DATABASE_URL, databasePool: 1 }),
  entities: [...authEntities({ userEntity: User }), Order],
});
