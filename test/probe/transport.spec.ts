import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TLS } from './front.js';
import { entry, findings, idsOf, planFor, probe } from './probing.js';

const open: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0)) close();
});

/** As little of Gatehouse as the probe goes on with. */
const answer: RequestListener = ({ url = '' }, response) => {
  response.writeHead(url.startsWith('/auth/session') ? 200 : 404, { 'content-type': 'application/json' });
  response.end('{"user":null}');
};

/** One port for both: what is no handshake goes to `plain`, if there is one. */
async function startPort(tls: ServerOptions, plain?: RequestListener): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const secure = createServer({ key: TLS.key, cert: TLS.certificate, ...tls }, (request, response) => {
    asked += 1;
    answer(request, response);
  });
  const insecure = plain && createHttpServer(plain);
  const sockets = new Set<Socket>();
  const port = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', (first: Buffer) => {
      socket.pause().unshift(first);
      (first[0] === 0x16 ? secure : insecure)?.emit('connection', socket);
      if (first[0] !== 0x16 && insecure === undefined) socket.destroy();
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve) => port.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    port.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `https://127.0.0.1:${(port.address() as AddressInfo).port}`, asked: () => asked };
}

describe('between a browser and the deployment', () => {
  it('a certificate that nobody trusts: found, and nothing is sent, whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const { url, asked } = await startPort({});
    const report = await probe(url, {}, {}, '');
    expect(asked()).toBe(0);
    expect(findings(report)).toMatchObject([
      { id: 'probe.tls-certificate', evidence: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
    ]);
    expect(report.stopped).toBe('The certificate is not valid');
    expect(entry(report, 'probe.no-store').outcome).toBe('unchecked');
  });

  it('TLS 1.1, plain http on the port, and a redirect to https', async () => {
    const old = await startPort({ minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, answer);
    const report = await probe(old.url);
    expect(idsOf(findings(report))).toEqual(expect.arrayContaining(['probe.tls-version', 'probe.https-redirect']));
    expect(entry(report, 'probe.tls-version').evidence).toEqual({ taken: ['TLSv1.1'] });

    const right = await startPort({ minVersion: 'TLSv1.2' }, (_request, response) => {
      response.writeHead(308, { location: right.url }).end();
    });
    const fine = await probe(right.url);
    expect(entry(fine, 'probe.tls-version')).toMatchObject({ outcome: 'passed', evidence: { protocol: 'TLSv1.3' } });
    const other = { outcome: 'unchecked', reason: expect.stringContaining(new URL(right.url).port) as string };
    expect(entry(fine, 'probe.https-redirect')).toMatchObject(other);
    const closed = await startPort({ minVersion: 'TLSv1.2' });
    expect(entry(await probe(closed.url), 'probe.https-redirect').outcome).toBe('unchecked');
  });

  it('plain http on the usual port: redirected, refused or closed is right, served is not', async () => {
    const { checks } = planFor('https://api.example.com');
    const check = checks.find(({ id }) => id === 'probe.https-redirect')!;
    expect(check.requests).toMatchObject([{ plainPort: 80 }]);
    const judged = (answer: object) => check.judge({ of: () => ({ headers: new Map(), ...answer }) } as never);
    const location = new Map([['location', 'https://api.example.com/']]);
    const right = [{ status: 308, headers: location }, { status: 403 }, { status: 0, failure: 'refused' }];
    for (const answer of right) expect(await judged(answer)).toMatchObject({ status: 'passed' });
    expect(await judged({ status: 200 })).toMatchObject({ status: 'finding' });
    expect(await judged({ status: 0, failure: 'timeout' })).toMatchObject({ status: 'unchecked' });
  });
});
