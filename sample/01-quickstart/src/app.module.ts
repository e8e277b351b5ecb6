import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, customMail, MailTransport, oidc, smtp } from 'nestjs-gatehouse';
import { ConfigurationModule } from './configuration.module.js';
import { Configuration } from './configuration.js';
import { databaseOptions } from './database.js';
import { DevelopmentMailbox } from './development/development-mailbox.js';
import { DevelopmentModule } from './development/development.module.js';
import { environmentOf } from './environment.js';
import { FirstAdministrator } from './first-administrator.js';
import { NotesModule } from './notes/notes.module.js';
import { PageController } from './page/page.controller.js';
import { PublicController } from './public.controller.js';
import { ReportsController } from './reports.controller.js';
import { SchemaCheck } from './schema-check.js';
import { User } from './user.entity.js';

const production = environmentOf(process.env) === 'production';

@Module({
  imports: [
    ConfigurationModule,
    TypeOrmModule.forRootAsync({
      inject: [Configuration],
      useFactory: (configuration: Configuration) => ({ ...databaseOptions(configuration), autoLoadEntities: true }),
    }),
    AuthModule.forRootAsync({
      userEntity: User,
      imports: production ? [] : [DevelopmentModule],
      overrides: production ? [] : [{ provide: MailTransport, useExisting: DevelopmentMailbox }],
      inject: [Configuration],
      useFactory: (configuration: Configuration) => ({
        secret: configuration.secret,
        baseUrl: configuration.baseUrl,
        appUrl: configuration.baseUrl,
        origins: [configuration.passkeyOrigin],
        appName: 'Quickstart',
        redis: { url: configuration.redisUrl },
        trustedProxyHops: configuration.trustedProxyHops,
        rateLimits: { multiplier: configuration.rateLimitMultiplier },
        passwords: { cost: configuration.passwordCost },
        secondFactor: configuration.secondFactor,
        passkeys: { rpId: new URL(configuration.passkeyOrigin).hostname },
        ...(configuration.provider && { oauth: { providers: { oidc: oidc(configuration.provider) } } }),
        emailVerification: configuration.emailVerification,
        mail: configuration.production
          ? smtp({ url: configuration.smtpUrl, from: configuration.mailFrom })
          : customMail({ from: configuration.mailFrom }),
        environment: configuration.environment,
      }),
    }),
    NotesModule,
  ],
  controllers: [PageController, PublicController, ReportsController],
  providers: [SchemaCheck, FirstAdministrator],
})
export class AppModule {}
