import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { harden } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';

const app = await NestFactory.create(AppModule);
harden(app);
app.enableShutdownHooks();
// Without `inheritAppConfig` no guard of the application runs for messages, and Gatehouse refuses all but public ones.
const { host, rpcPort } = settings;
app.connectMicroservice({ transport: Transport.TCP, options: { host, port: rpcPort } }, { inheritAppConfig: true });
await app.startAllMicroservices();
await app.listen(settings.port, host);
console.log(`Sign-in is running on ${await app.getUrl()}, orders on tcp://${host}:${rpcPort}`);
