import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startMailbox } from '../support/mailbox.js';
import { postgresUrl } from '../support/services.js';
import { freePort } from '../ws/kit.js';
import { compile, nestNew, run } from './project-kit.js';

const GATEHOUSE = resolve('dist/cli/gatehouse.js');
const TYPEORM = resolve('node_modules/typeorm/cli.js');
const PASSWORD = 'seven hinges and a bell';

const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});

/** The application as a process; what it prints, and its address. */
async function start(root: string) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, NO_COLOR: '1', PORT: String(port), BASE_URL: url };
  const child = spawn(process.execPath, [join(root, 'dist/src/main.js')], { cwd: root, env });
  children.push(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const output = (): string => printed;
  const answer = (): Promise<number | undefined> =>
    fetch(url).then(
      ({ status }) => status,
      () => undefined,
    );
  await expect.poll(answer, { timeout: 60_000, interval: 200 }).toBe(401);
  const post = (path: string, body: object): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return { url, output, post };
}

describe.each(['esm', 'cjs'] as const)('a project of nest new, %s', { timeout: 240_000 }, (type) => {
  it('gets Gatehouse, compiles with its tests, signs people in, and is fit for production', async () => {
    const root = await nestNew(type);
    expect(await run(root, GATEHOUSE, ['init'], {})).toMatch(/Left to do:[\s\S]*npm install nestjs-gatehouse@/);
    await compile(root);

    const { url, output, post } = await start(root);
    expect((await post('/auth/register', { email: 'ada@example.com', password: PASSWORD })).status).toBe(202);
    await expect.poll(output, { timeout: 10_000 }).toMatch(/#token=[\w.-]+/);
    const [, token] = /#token=([\w.-]+)/.exec(output())!;
    expect((await post('/auth/email/verify', { token })).status).toBe(204);
    const signedIn = await post('/auth/login', { email: 'ada@example.com', password: PASSWORD });
    expect(signedIn.status).toBe(200);
    const cookie = signedIn.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const hello = await fetch(url, { headers: { cookie } });
    expect([hello.status, await hello.text()]).toEqual([200, 'Hello World!']);
    expect(hello.headers.get('x-content-type-options')).toBe('nosniff');

    // What follows runs compiled files alone, the same ones for both.
    if (type === 'cjs') return;
    const mailbox = await startMailbox();
    try {
      const production = {
        NODE_ENV: 'production',
        BASE_URL: 'https://app.example.com',
        DATABASE_URL: await postgresUrl(),
        SMTP_URL: `smtp://127.0.0.1:${mailbox.port}`,
        MAIL_FROM: 'App <no-reply@example.com>',
        TRUSTED_PROXY_HOPS: '1',
      };
      const file = 'dist/src/data-source.js';
      await run(root, GATEHOUSE, ['migrations', file, '--with-user-table', '--name', 'Auth'], production);
      await run(root, TYPEORM, ['migration:run', '-d', file], production);
      expect(await run(root, GATEHOUSE, ['migrations', file, '--check'], production)).toContain('nothing to do');
      await run(root, GATEHOUSE, ['doctor', 'dist/src/app.module.js'], production);
    } finally {
      await mailbox.close();
    }
  });
});
