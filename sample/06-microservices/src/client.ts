import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { settings } from './settings.js';

/** A visit to the running sample: a token over HTTP, an order over TCP, and a token that is no longer good. */
const { host, rpcPort: port, baseUrl } = settings;
const account = { email: `ada${Date.now()}@example.com`, password: 'seven hinges and a bell' };
const orders = ClientProxyFactory.create({ transport: Transport.TCP, options: { host, port } });

async function post(path: string, body: object): Promise<Record<string, string>> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(baseUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json().catch(() => ({}))) as Record<string, string>;
}

async function ask(pattern: string, message: object): Promise<void> {
  const answer: unknown = await lastValueFrom(orders.send<unknown>(pattern, message)).catch(
    (refusal: unknown) => refusal,
  );
  console.log(pattern, answer);
}

await post('/auth/register', account);
const { access_token: accessToken = '' } = await post('/auth/login', { ...account, deliver: 'tokens' });
await ask('orders.list', {});
await ask('orders.place', { accessToken, item: 'A bell' });
await ask('orders.list', { accessToken });
await post('/auth/token/revoke', { token: accessToken });
await ask('orders.list', { accessToken });
orders.close();
