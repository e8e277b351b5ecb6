import 'reflect-metadata';
import { authEntities } from 'nestjs-gatehouse';
import { DataSource } from 'typeorm';
import { readConfiguration } from './configuration.js';
import { databaseOptions } from './database.js';
import { Note } from './notes/note.entity.js';
import { User } from './user.entity.js';

/** For the command line of TypeORM, which writes migrations; the application makes its own. */
export const dataSource = new DataSource({
  ...databaseOptions(await readConfiguration(process.env)),
  entities: [...authEntities({ userEntity: User }), Note],
});
