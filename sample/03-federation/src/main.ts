import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { harden } from 'nestjs-gatehouse';
import { AppModule } from './app.module.js';
import { startProvider } from './provider/demo-provider.js';
import { settings } from './settings.js';

const redirectUri = `${settings.baseUrl}/auth/oauth/demo/callback`;
const provider = await startProvider({ ...settings.provider, redirectUri });

const app = await NestFactory.create(AppModule);
harden(app);
app.enableShutdownHooks();
await app.listen(settings.port, settings.host);
// Neither keeps the process alive once the other has stopped.
provider.unref();
console.log(`The demo provider is running on ${settings.provider.issuer}`);
console.log(`Sign in with it on ${settings.baseUrl}`);
