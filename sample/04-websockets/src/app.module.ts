import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nestjs-gatehouse';
import { AuthSocketsModule } from 'nestjs-gatehouse/ws';
import { ChatGateway } from './chat.gateway.js';
import { settings } from './settings.js';
import { User } from './user.entity.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'better-sqlite3', database: ':memory:', autoLoadEntities: true, synchronize: true }),
    AuthModule.forRoot({
      userEntity: User,
      secret: settings.secret,
      baseUrl: settings.baseUrl,
      emailVerification: 'off',
    }),
    AuthSocketsModule,
  ],
  providers: [ChatGateway],
})
export class AppModule {}
