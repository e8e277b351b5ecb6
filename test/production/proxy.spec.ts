import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpsClient } from './https-client.js';
import { runScript, SAMPLE, startScript, temporaryFolder, type Running } from './processes.js';

const MAIN = join(SAMPLE, 'proxy', 'main.mjs');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const running: Running[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.stop()));
  for (const server of servers.splice(0)) server.closeAllConnections();
  await folder.remove();
});

async function worker(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port on which nobody listens. */
async function nobody(): Promise<string> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return `http://127.0.0.1:${port}`;
}

async function proxy(workers: readonly string[], timeoutMs = 30_000): Promise<HttpsClient> {
  const environment = { PORT: '0', WORKERS: workers.join(','), DATA_DIR: folder.path };
  const process = startScript(MAIN, { ...environment, PROXY_TIMEOUT_MS: String(timeoutMs) });
  running.push(process);
  const [, url = ''] = await process.says(/^The proxy is listening on (\S+)$/m);
  return new HttpsClient(url, await readFile(join(folder.path, 'certificate.pem'), 'utf8'), '127.0.0.9');
}

/** Answers with what the worker was sent. */
const mirror: RequestListener = (request, response) => {
  let body = '';
  request.on('data', (part: Buffer) => (body += part.toString()));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ method, url, headers, body }));
  });
};

describe('the proxy', () => {
  it('says what is missing', async () => {
    const { code, output } = await runScript(MAIN, {});
    expect(code).toBe(1);
    for (const name of ['PORT', 'WORKERS', 'DATA_DIR']) expect(output).toContain(`  - ${name} is not set: `);
  });

  it('makes its certificate once, and for this machine alone', async () => {
    const target = await worker(mirror);
    const first = await proxy([target]);
    expect((await first.get('/')).status).toBe(200);
    await running.splice(0)[0]?.stop();
    const second = await proxy([target]);
    expect(second.certificate).toBe(first.certificate);
    const trusting = { host: '127.0.0.1', port: Number(new URL(second.url).port), ca: second.certificate };
    expect(await handshake({ ...trusting, servername: 'localhost' })).toBe('trusted');
    expect(await handshake({ ...trusting, servername: 'api.example.com' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await handshake({ ...trusting, ca: [], servername: 'localhost' })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('appends the peer to X-Forwarded-For and vouches for the scheme alone', async () => {
    const client = await proxy([await worker(mirror)]);
    const plain = await client.get('/');
    expect(plain.body.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.9', 'x-forwarded-proto': 'https' });
    const forged = await client.get('/', {
      headers: {
        'x-forwarded-for': ['203.0.113.1', '203.0.113.2'],
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'evil.example',
        'x-real-ip': '203.0.113.3',
        forwarded: 'for=203.0.113.4',
        connection: 'x-forwarded-for, x-secret, keep-alive',
        'x-secret': 'of this connection',
      },
    });
    const { headers } = forged.body;
    expect(headers['x-forwarded-for']).toBe('203.0.113.1, 203.0.113.2, 127.0.0.9');
    expect(headers['x-forwarded-proto']).toBe('https');
    for (const name of ['x-forwarded-host', 'x-real-ip', 'forwarded', 'x-secret', 'keep-alive']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('passes bodies on whole, with a length and without, whatever the method', async () => {
    const client = await proxy([await worker(mirror)]);
    expect((await client.post('/orders?page=2', { item: 'a bell' })).body).toMatchObject({
      method: 'POST',
      url: '/orders?page=2',
      body: '{"item":"a bell"}',
    });
    for (const method of ['POST', 'DELETE'] as const) {
      const headers = { 'transfer-encoding': 'chunked' };
      const options = { body: { item: 'x'.repeat(200_000) }, headers };
      const answer = await (method === 'POST'
        ? client.post('/', options.body, { headers })
        : client.delete('/', options));
      expect(answer.body.body).toHaveLength(200_000 + '{"item":""}'.length);
    }
  });

  it('passes answers on as they are: status, several cookies, none of the connection', async () => {
    const client = await proxy([
      await worker((_request, response) => {
        response.setHeader('set-cookie', ['a=1; Secure', 'b=2; Secure']);
        response.writeHead(418, { connection: 'x-inner', 'x-inner': 'of this connection', 'x-instance': 'tea' }).end();
      }),
    ]);
    const answer = await client.get('/');
    expect(answer).toMatchObject({ status: 418, setCookies: ['a=1; Secure', 'b=2; Secure'], instance: 'tea' });
    expect(answer.headers).not.toHaveProperty('x-inner');
  });

  it('asks the next worker when one cannot be reached, and answers 502 when none can', async () => {
    const names = await proxy([await nobody(), await worker(mirror), await nobody()]);
    for (let call = 0; call < 6; call += 1)
      expect((await names.post('/', { call })).body.body).toBe(`{"call":${call}}`);
    const none = await proxy([await nobody(), await nobody()]);
    expect(await none.post('/', { item: 'a bell' })).toMatchObject({ status: 502, body: { statusCode: 502 } });
  });

  it('asks nobody else when a worker has read the request and then fails', async () => {
    let asked = 0;
    const failing = await worker((request: IncomingMessage) => {
      asked += 1;
      request.socket.destroy();
    });
    const client = await proxy([failing, failing]);
    expect((await client.post('/', { item: 'a bell' })).status).toBe(502);
    expect(asked).toBe(1);
  });

  it('answers 504 to a silence', async () => {
    const client = await proxy([await worker(() => undefined)], 300);
    expect(await client.get('/')).toMatchObject({ status: 504, body: { error: 'Gateway Timeout' } });
  });

  it('breaks an answer off that the worker broke off', async () => {
    const client = await proxy([
      await worker((_request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
      }),
    ]);
    await expect(client.get('/')).rejects.toThrow(/aborted|socket hang up/);
  });

  it('lets a worker go when the client has gone', async () => {
    const left = new Promise<void>((resolve) => {
      void worker((request) => request.socket.once('close', () => resolve())).then(async (target) => {
        const client = await proxy([target]);
        const order = await client.beginPost('/', '{', 100);
        order.abort();
      });
    });
    await left;
  });
});

function handshake(options: ConnectionOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(options, () => {
      socket.destroy();
      resolve('trusted');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}
