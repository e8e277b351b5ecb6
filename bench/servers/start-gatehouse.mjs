import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, smtp } from 'nestjs-gatehouse';
import { User } from '../lib/gatehouse.mjs';
import { helloController, rootModule } from '../lib/nest.mjs';

const accepted = (id) => [id, 'Measured on a machine of its own.'];

/** In production, with everything that is on by default: checks at start, jobs, mail. */
export const startModule = (connection) =>
  rootModule({
    imports: [
      TypeOrmModule.forRoot({ ...connection, autoLoadEntities: true }),
      AuthModule.forRoot({
        userEntity: User,
        secret: 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC',
        baseUrl: 'https://api.example.com',
        environment: connection.synchronize ? 'test' : 'production',
        trustedProxyHops: 1,
        mail: smtp({ url: 'smtps://user:password@127.0.0.1:1', from: 'Example <no-reply@example.com>' }),
        checklist: { accept: Object.fromEntries(['database.embedded'].map(accepted)) },
      }),
    ],
    controllers: [helloController()],
  });
