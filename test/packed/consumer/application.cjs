'use strict';

/** A host in plain JavaScript, of packages that its entry has imported or required. */
exports.serve = async function serve({ common, core, nestTypeorm, typeorm, gatehouse, Adapter }) {
  class User extends gatehouse.AuthUser {}
  typeorm.Entity('users')(User);

  class NotesController {
    list() {
      return { items: [] };
    }
  }
  const list = Object.getOwnPropertyDescriptor(NotesController.prototype, 'list');
  common.Get()(NotesController.prototype, 'list', list);
  common.Controller('notes')(NotesController);

  class AppModule {}
  common.Module({
    imports: [
      nestTypeorm.TypeOrmModule.forRoot({
        type: 'postgres',
        url: process.env.DATABASE_URL,
        synchronize: true,
        autoLoadEntities: true,
      }),
      gatehouse.AuthModule.forRoot({
        userEntity: User,
        secret: process.env.AUTH_SECRET,
        baseUrl: 'http://127.0.0.1:3000',
        emailVerification: 'off',
      }),
    ],
    controllers: [NotesController],
  })(AppModule);

  const app = await core.NestFactory.create(AppModule, new Adapter(), { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`READY ${await app.getUrl()}`);
};
