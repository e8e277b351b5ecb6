import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { gatehouseProgram } from '../../lib/cli/program.js';
import { ProbeSender } from '../../lib/cli/probe/probe-sender.js';
import { announcement } from '../../lib/cli/probe/probe-plan.js';
import { probeText } from '../../lib/cli/probe/probe-text.js';
import { runProbe } from '../../lib/cli/probe/run-probe.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import { startFront, startStranger, type Front } from './front.js';
import { entry, findings, idsOf, planFor, probe } from './probing.js';

const OWNER = 'ada@example.com';
const ESCAPE = '\u001b[31m\u001b]0;owned\u0007\u202e';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function deployed(): Promise<{ app: TestApp; front: Front }> {
  const app = await startApp({ auth: { baseUrl: 'https://127.0.0.1', trustedProxyHops: 1 } });
  await app.client().register(OWNER);
  const front = await startFront(() => app.url, {}, 'http');
  open.push(front, app);
  return { app, front };
}

/** Looks like Gatehouse to whoever asks for the session, and is anything but for everything else. */
async function stranger(listener: RequestListener): Promise<string> {
  const server = await startStranger((request, response) => {
    if (request.url !== '/auth/session') return listener(request, response);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"user":null}');
  });
  open.push(server);
  return server.url;
}

/** Runs the very command, and answers what it printed. */
async function command(...args: readonly string[]): Promise<{ out: string; err: string; code: unknown }> {
  const printed = { out: '', err: '' };
  vi.spyOn(console, 'log').mockImplementation((line: string) => void (printed.out += `${line}\n`));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void (printed.err += `${line}\n`));
  await gatehouseProgram().parseAsync(['node', 'gatehouse', 'probe', ...args]);
  return { ...printed, code: process.exitCode };
}

/** As the announcement counts them: `77 GET` becomes `GET: 77`, all lines of `POST` become one sum. */
function announced(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, count = '', method = ''] of lines.join('\n').matchAll(/(\d+) (GET|HEAD|OPTIONS|POST)\b/g)) {
    counts[method] = (counts[method] ?? 0) + Number(count);
  }
  return counts;
}

function counted(seen: Front['seen']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method } of seen) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}

const isLogin = ({ path, method }: Front['seen'][number]) => method === 'POST' && path === '/auth/login';

describe('what is sent', () => {
  it('by itself: what was said, reads alone, and nobody is named', async () => {
    const { front } = await deployed();
    const { out, err, code } = await command(front.url, '--json');
    expect(counted(front.seen)).toEqual(announced(err.split('\n')));
    expect(Object.keys(counted(front.seen)).sort()).toEqual(['GET', 'HEAD', 'OPTIONS']);
    for (const { headers, body } of front.seen) {
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('authorization');
      expect(body).toBe('');
    }
    expect(JSON.parse(out)).toMatchObject({ requests: { planned: front.seen.length, sent: front.seen.length } });
    expect(code).toBe(0);
  });

  it('with --active: what was said, at most 15 wrong passwords, at most four of them for a real account', async () => {
    const { front, app } = await deployed();
    vi.stubEnv('GATEHOUSE_PROBE_PASSWORD', PASSWORD);
    const { out, err } = await command(front.url, '--active', '--known-account', OWNER);
    expect(counted(front.seen)).toEqual(announced(err.split('\n')));
    const wrong = front.seen.filter((request) => isLogin(request) && /"password":"not the password/.test(request.body));
    expect(wrong).toHaveLength(15);
    expect(wrong.filter(({ body }) => body.includes(OWNER))).toHaveLength(4);
    for (const { body } of wrong)
      expect(body).toMatch(/"email":"(?:probe-[\w-]{12}@gatehouse\.invalid|ada@example\.com)"/);
    expect(front.seen.filter(({ path, method }) => method === 'POST' && !/^\/auth\/log(?:in|out)$/.test(path))).toEqual(
      [],
    );
    // The one sign-in was ended, and left nobody locked.
    expect(front.seen.at(-1)?.headers['cookie']).toContain('auth_session=');
    expect((await app.client().signIn(OWNER)).status).toBe(200);
    expect(out + err).not.toContain(PASSWORD);
    expect(out).not.toContain(OWNER);
    for (const value of /auth_session=([^;]+)/.exec(front.seen.at(-1)?.headers['cookie'] ?? '')?.slice(1) ?? [
      'missing',
    ]) {
      expect(out + err).not.toContain(value);
    }
  });

  it('with forged addresses: as many more as was said, and after all others', () => {
    const { requests } = planFor('https://api.example.com', { forgedAddresses: true });
    expect(requests.slice(-22).every(({ kind }) => kind === 'forged-address')).toBe(true);
    expect(requests.filter(({ kind }) => kind === 'forged-address')).toHaveLength(22);
    expect(announcement(planFor('https://api.example.com', { forgedAddresses: true })).join('\n')).toContain(
      'sign-ins from your address may be refused',
    );
  });

  it('nothing after the first answer of 500', async () => {
    let asked = 0;
    const url = await stranger((_request, response) => {
      asked += 1;
      response.writeHead(asked === 5 ? 500 : 404).end('Error: no\n    at handle (/srv/app/main.js:10:3)');
    });
    const report = await probe(url, {});
    expect(asked).toBe(5);
    expect(report.requests.sent).toBeLessThan(report.requests.planned);
    expect(idsOf(findings(report))).toEqual(expect.arrayContaining(['probe.no-server-error', 'probe.verbose-errors']));
    expect(entry(report, 'probe.sign-in-limited')).toMatchObject({ outcome: 'unchecked' });
    expect(probeText(report)).toContain('Ended early: ');
  });

  it('nothing to another host, and nothing more to what is not Gatehouse', async () => {
    const asked: string[] = [];
    const elsewhere = await startStranger((request, response) => {
      asked.push(`elsewhere ${request.url}`);
      response.end('{"user":null}');
    });
    const moved = await startStranger((request, response) => {
      asked.push(String(request.url));
      response.writeHead(302, { location: `${elsewhere.url}/auth/session?${ESCAPE.slice(1, 3)}` }).end();
    });
    open.push(elsewhere, moved);
    await expect(command(moved.url)).rejects.toThrow(
      new RegExp(
        `leads elsewhere \\(302, host ${new URL(elsewhere.url).host.replace(/\./g, '\\.')}\\), which is not followed`,
      ),
    );
    await expect(command(elsewhere.url, '--path', '/login')).resolves.toBeDefined();
    expect(asked.filter((path) => path.startsWith('/'))).toEqual(['/auth/session']);
    const page = await startStranger((_request, response) => void response.end('<html>'));
    open.push(page);
    await expect(command(page.url, '--active')).rejects.toThrow(
      'not by Gatehouse: is --path right? Nothing more was sent.',
    );
  });

  it('no password over plain http, none from the command line, none in an address', async () => {
    vi.stubEnv('GATEHOUSE_PROBE_PASSWORD', PASSWORD);
    const refusals: readonly (readonly [RegExp, ...string[]])[] = [
      [/not sent over plain http/, 'http://api.example.com', '--active', '--known-account', OWNER],
      [/must hold no user and no password/, `https://ada:${PASSWORD.replaceAll(' ', '-')}@api.example.com`],
      [/go with --active/, 'https://api.example.com', '--forged-addresses'],
      [/must be an e-mail address/, 'https://api.example.com', '--active', '--known-account', 'ada'],
      [/must be a path/, 'https://api.example.com', '--path', '/auth\r\nHost: evil'],
      [/must be that of a deployment/, 'file:///etc/passwd'],
    ];
    for (const [why, ...args] of refusals) {
      const refused = await command(...args).catch((error: unknown) => error as Error & { exitCode: number });
      expect(refused).toMatchObject({ exitCode: 2, message: expect.stringMatching(why) });
    }
  });
});

describe('a hostile server', () => {
  it('cannot hang it, nor send without end', async () => {
    const url = await stranger((request, response) => {
      if (request.url === '/auth/me' && request.method === 'GET') return; // Never.
      if (request.method === 'OPTIONS') return void response.write('a');
      response.writeHead(200);
      // There is no body to it, and writing one never waits.
      if (request.method === 'HEAD') return void response.end();
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', flood);
      flood();
    });
    const plan = planFor(url, {});
    const report = await runProbe(plan, new ProbeSender(plan.setup.target, 500), () => 0);
    expect(report.stopped).toBe(undefined);
    expect(entry(report, 'probe.no-store')).toMatchObject({
      outcome: 'unchecked',
      reason: 'GET /auth/me had no answer (timeout)',
    });
  });

  it('that answers nothing in time is left after three requests', async () => {
    let asked = 0;
    const url = await stranger(() => void (asked += 1));
    const plan = planFor(url, {});
    const report = await runProbe(plan, new ProbeSender(plan.setup.target, 40), () => 0);
    expect(asked).toBe(3);
    expect(report.stopped).toBe('Too many requests had no answer in time');
  });

  it('writes nothing into the terminal but visible characters, and shows no value of a cookie', async () => {
    // Node.js itself sends no control characters in a header but these.
    const raw = '\u009b[31m\u009d0;owned\t';
    const url = await stranger((_request, response) => {
      response.setHeader('server', `nginx/1.2 ${raw}`);
      response.setHeader('set-cookie', `auth_${raw}=marker-of-a-session`);
      response.setHeader('x-powered-by', raw);
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: `at x (/srv/marker-of-a-body.js:1:1)\n${ESCAPE}` }));
    });
    const report = await probe(url, {});
    const printed = probeText(report) + JSON.stringify(report);
    expect(idsOf(findings(report))).toEqual(
      expect.arrayContaining(['probe.cookie-flags', 'probe.server-version', 'probe.verbose-errors']),
    );
    expect(entry(report, 'probe.server-version').evidence?.['server']).toMatch(/^nginx\/1\.2 \?+/);
    // Sections of standards are the only other character.
    expect(printed.replace(/[\n§]/g, '')).toMatch(/^[\x20-\x7e]*$/);
    expect(printed).not.toContain('marker-of-a');
  });
});
