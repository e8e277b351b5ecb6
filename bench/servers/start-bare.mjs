import { TypeOrmModule } from '@nestjs/typeorm';
import { EntitySchema } from 'typeorm';
import { helloController, rootModule } from '../lib/nest.mjs';

const user = new EntitySchema({
  name: 'User',
  tableName: 'host_users',
  columns: {
    id: { type: 'varchar', length: 36, primary: true },
    email: { type: 'varchar', length: 254, unique: true },
  },
});

export const startModule = (connection) =>
  rootModule({
    imports: [TypeOrmModule.forRoot({ ...connection, entities: [user] })],
    controllers: [helloController()],
  });
