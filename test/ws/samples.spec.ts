import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { createClient } from 'graphql-ws';
import { firstValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ask, endOf, freePort, outcomeOf, within } from './kit.js';
import { newSampleUser, post, startSample, type SampleProcess, type SampleUser } from './sample-process.js';

const only = { forceNew: true, reconnection: false } as const;

describe('the WebSocket sample', { timeout: 60_000 }, () => {
  let sample: SampleProcess;
  let url: string;
  let ada: SampleUser;

  beforeAll(async () => {
    sample = await startSample('04-websockets', /The chat is running on (http:\/\/\S+)/);
    [url] = sample.caught as [string];
    ada = await newSampleUser(url, 'ada@example.com');
  });
  afterAll(() => sample.stop());

  it('refuses strangers, carries messages, and lets a session go', async () => {
    expect(await outcomeOf(io(url, only))).toMatchObject({ code: 'NOT_AUTHENTICATED' });
    const page = io(url, { ...only, transports: ['websocket'], extraHeaders: { cookie: ada.cookie, origin: url } });
    const service = io(url, { ...only, auth: { token: ada.token } });
    expect([await outcomeOf(page), await outcomeOf(service)]).toEqual(['connected', 'connected']);
    const said = new Promise((resolve) => service.once('said', resolve));
    page.emit('say', 'Hello');
    expect(await within(3_000, said)).toMatchObject({ text: 'Hello' });
    expect(await ask(page, 'announce', 'x')).toMatchObject({ error: { code: 'FORBIDDEN' } });
    const noted = new Promise((resolve) => service.once('noted', resolve));
    page.emit('note', 'mine');
    expect(await within(3_000, noted)).toEqual({ text: 'mine' });
    const end = endOf(page);
    await post(url, '/auth/logout', {}, { cookie: ada.cookie, 'x-csrf-token': ada.csrfToken });
    expect((await within(3_000, end)).told).toMatchObject({ code: 'NOT_AUTHENTICATED' });
    expect(service.connected).toBe(true);
    service.disconnect();
  });
});

describe('the GraphQL sample', { timeout: 60_000 }, () => {
  let sample: SampleProcess;
  let url: string;
  let ada: SampleUser;

  beforeAll(async () => {
    sample = await startSample('05-graphql-subscriptions', /GraphQL is running on (http:\/\/[^/\s]+)/);
    [url] = sample.caught as [string];
    ada = await newSampleUser(url, 'ada@example.com');
  });
  afterAll(() => sample.stop());

  function connect(connectionParams: Record<string, unknown>) {
    let close: (end: object) => void = () => undefined;
    const closed = new Promise<object>((resolve) => (close = resolve));
    const on = {
      closed: (event: unknown) => {
        const { code, reason } = event as { code: number; reason: string };
        close({ code, reason });
      },
    };
    const address = `${url.replace('http', 'ws')}/graphql`;
    const options = { url: address, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams, on };
    return { client: createClient(options), closed };
  }

  it('refuses strangers, delivers, and ends with the session', async () => {
    const query = 'subscription { written { text } }';
    const ignored = { next: () => undefined, error: () => undefined, complete: () => undefined };
    const stranger = connect({});
    stranger.client.subscribe({ query }, ignored);
    expect(await within(5_000, stranger.closed)).toEqual({ code: 4401, reason: 'NOT_AUTHENTICATED' });

    const authorization = `Bearer ${ada.token}`;
    const { client, closed } = connect({ authorization });
    const received: unknown[] = [];
    client.subscribe({ query }, { ...ignored, next: ({ data }) => received.push(data) });
    const write = { query: 'mutation { write(text: "x") { text } }' };
    await expect
      .poll(() => post(url, '/graphql', write, { authorization }).then(() => received[0]), { timeout: 5_000 })
      .toEqual({ written: { text: 'x' } });
    await post(url, '/auth/token/revoke', { token: ada.token });
    expect(await within(3_000, closed)).toEqual({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
  });
});

describe('the microservice sample', { timeout: 60_000 }, () => {
  let sample: SampleProcess;
  let url: string;
  let ada: SampleUser;
  let rpcPort: number;

  beforeAll(async () => {
    rpcPort = await freePort();
    const running = /Sign-in is running on (http:\/\/\S+), orders on/;
    sample = await startSample('06-microservices', running, { RPC_PORT: String(rpcPort) });
    [url] = sample.caught as [string];
    ada = await newSampleUser(url, 'ada@example.com');
  });
  afterAll(() => sample.stop());

  it('asks messages for an access token', async () => {
    const options = { host: '127.0.0.1', port: rpcPort };
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    const send = (pattern: string, message: object): Promise<unknown> =>
      firstValueFrom(client.send<unknown>(pattern, message)).catch((error: unknown) => ({ error }));
    const mine = { accessToken: ada.token };
    expect(await send('health', {})).toBe('up');
    expect(await send('orders.list', {})).toMatchObject({ error: { code: 'NOT_AUTHENTICATED' } });
    const placed = await send('orders.place', { ...mine, item: 'A bell' });
    expect(placed).toMatchObject({ item: 'A bell', owner: expect.any(String) });
    client.emit('orders.closed', { ...mine, owner: (placed as { owner: string }).owner });
    expect(await send('orders.list', mine)).toMatchObject([{ item: 'A bell' }]);
    await post(url, '/auth/token/revoke', { token: ada.token });
    expect(await send('orders.list', mine)).toMatchObject({ error: { code: 'INVALID_ACCESS_TOKEN' } });
    client.close();
  });
});
