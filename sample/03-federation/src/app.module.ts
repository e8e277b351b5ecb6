import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, oidc } from 'nestjs-gatehouse';
import { PageController } from './page.controller.js';
import { settings } from './settings.js';
import { User } from './user.entity.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: ':memory:',
      autoLoadEntities: true,
      synchronize: true,
    }),
    AuthModule.forRoot({
      userEntity: User,
      secret: settings.secret,
      baseUrl: settings.baseUrl,
      emailVerification: 'off',
      oauth: {
        providers: {
          demo: oidc({
            issuer: settings.provider.issuer,
            clientId: settings.provider.clientId,
            clientSecret: settings.provider.clientSecret,
          }),
        },
      },
    }),
  ],
  controllers: [PageController],
})
export class AppModule {}
