import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nestjs-gatehouse';
import { Note } from './notes/note.entity.js';
import { NotesController } from './notes/notes.controller.js';
import { PageController } from './page.controller.js';
import { settings } from './settings.js';
import { User } from './user.entity.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: settings.database,
      enableWAL: true,
      autoLoadEntities: true,
      synchronize: true,
    }),
    TypeOrmModule.forFeature([Note]),
    AuthModule.forRoot({
      userEntity: User,
      secret: settings.secret,
      baseUrl: settings.baseUrl,
      emailVerification: 'off',
      tokens: {
        // The shortest there is, so that refreshing can be watched. The default of 15 minutes is right for most.
        accessTtl: '1m',
        scopes: { 'notes:read': 'everyone', 'notes:write': 'everyone', account: 'everyone' },
      },
    }),
  ],
  controllers: [PageController, NotesController],
})
export class AppModule {}
