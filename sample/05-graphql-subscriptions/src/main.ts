import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { harden } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';

const app = await NestFactory.create(AppModule);
harden(app);
app.enableShutdownHooks();
await app.listen(settings.port, settings.host);
console.log(`GraphQL is running on ${await app.getUrl()}/graphql`);
