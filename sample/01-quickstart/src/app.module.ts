import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nestjs-gatehouse';
import { ConfigurationModule } from './configuration.module.js';
import { Configuration } from './configuration.js';
import { databaseOptions } from './database.js';
import { DevelopmentController } from './development.controller.js';
import { environmentOf } from './environment.js';
import { FirstAdministrator } from './first-administrator.js';
import { NotesModule } from './notes/notes.module.js';
import { PageController } from './page/page.controller.js';
import { PublicController } from './public.controller.js';
import { ReportsController } from './reports.controller.js';
import { SchemaCheck } from './schema-check.js';
import { User } from './user.entity.js';

const developmentOnly = environmentOf(process.env) === 'production' ? [] : [DevelopmentController];

@Module({
  imports: [
    ConfigurationModule,
    TypeOrmModule.forRootAsync({
      inject: [Configuration],
      useFactory: (configuration: Configuration) => ({ ...databaseOptions(configuration), autoLoadEntities: true }),
    }),
    AuthModule.forRootAsync({
      userEntity: User,
      inject: [Configuration],
      useFactory: (configuration: Configuration) => ({
        secret: configuration.secret,
        baseUrl: configuration.baseUrl,
        appName: 'Quickstart',
        redis: { url: configuration.redisUrl },
        trustedProxyHops: configuration.trustedProxyHops,
        rateLimits: { multiplier: configuration.rateLimitMultiplier },
        emailVerification: 'off',
        environment: configuration.environment,
      }),
    }),
    NotesModule,
  ],
  controllers: [PageController, PublicController, ReportsController, ...developmentOnly],
  providers: [SchemaCheck, FirstAdministrator],
})
export class AppModule {}
