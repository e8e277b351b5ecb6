import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, smtp, type AuthValues } from 'nestjs-gatehouse';
import { acceptedFindings } from './accepted-findings.js';
import { Configuration } from './configuration.js';
import { ConfigurationModule } from './configuration.module.js';
import { databaseOptions } from './database.js';
import { FirstAdministrator } from './first-administrator.js';
import { HealthController } from './health/health.controller.js';
import { LinksController } from './links/links.controller.js';
import { OrdersModule } from './orders/orders.module.js';
import { PendingMigrations } from './pending-migrations.js';
import { User } from './user.entity.js';

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
      useFactory: (configuration: Configuration): AuthValues => ({
        secret: configuration.secret,
        acceptedSecrets: configuration.acceptedSecrets,
        baseUrl: configuration.baseUrl,
        appName: 'Order book',
        origins: configuration.origins,
        trustedProxyHops: configuration.trustedProxyHops,
        passwords: { cost: configuration.passwordCost },
        redis: { url: configuration.redisUrl },
        instances: configuration.instances,
        mail: smtp(configuration.mail),
        publicUserFields: ['plan'],
        checklist: { accept: acceptedFindings(configuration) },
      }),
    }),
    OrdersModule,
  ],
  controllers: [HealthController, LinksController],
  providers: [PendingMigrations, FirstAdministrator],
})
export class AppModule {}
