import 'reflect-metadata';
import { Controller, Delete, Get, Injectable, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  Accounts,
  ApiKeys,
  Auth,
  AuthEvents,
  AuthHooks,
  AuthModule,
  AuthUser,
  CurrentPrincipal,
  harden,
  PasswordHasher,
  Public,
  Sessions,
  smtp,
  StateStore,
  Tokens,
  type AuthOptions,
  type Principal,
} from 'nestjs-gatehouse';
import { actingAs, TestClock } from 'nestjs-gatehouse/testing';
import { Column, Entity } from 'typeorm';

@Entity('users')
export class User extends AuthUser {
  @Column({ type: 'varchar', nullable: true })
  displayName!: string | null;
}

@Injectable()
class Hooks extends AuthHooks {
  override beforeRegister(): Promise<void> {
    return Promise.resolve();
  }
}

@Controller('notes')
class NotesController {
  constructor(
    readonly accounts: Accounts,
    readonly sessions: Sessions,
    readonly tokens: Tokens,
    readonly keys: ApiKeys,
    readonly events: AuthEvents,
    readonly hasher: PasswordHasher,
    readonly store: StateStore,
  ) {}

  @Get()
  list(@CurrentPrincipal() who: Principal): string {
    return who.userId;
  }

  @Delete(':id')
  @Auth({ roles: ['admin'], fresh: true })
  remove(@Param('id') id: string): string {
    return id;
  }

  @Get('health')
  @Public()
  health(): string {
    return 'ok';
  }
}

const options: AuthOptions<User> = {
  userEntity: User,
  secret: process.env['AUTH_SECRET'],
  baseUrl: 'https://api.example.com',
  redis: { url: process.env['REDIS_URL'] },
  mail: smtp({ url: process.env['SMTP_URL'], from: 'Example <no-reply@example.com>' }),
  overrides: [{ provide: AuthHooks, useClass: Hooks }],
};

@Module({
  imports: [TypeOrmModule.forRoot({ type: 'postgres', autoLoadEntities: true }), AuthModule.forRoot(options)],
  controllers: [NotesController],
})
class AppModule {}

export async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  harden(app);
  await app.listen(0);
}

export const kit = { actingAs, TestClock };
