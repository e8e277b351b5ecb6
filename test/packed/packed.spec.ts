import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../init/project-kit.js';
import { startScript } from '../production/processes.js';
import { SECRET } from '../support/app.js';
import { Client } from '../support/client.js';
import { postgresUrl } from '../support/services.js';
import { install, pack } from './packed-project.js';

const STANDS = [
  ['module', '@nestjs/platform-express', 'main.mjs'],
  ['commonjs', '@nestjs/platform-fastify', 'main.cjs'],
] as const;

const roots = new Map<string, string>();
beforeAll(async () => {
  const tarball = await pack();
  for (const [type, platform] of STANDS) roots.set(type, await install(tarball, type, platform));
}, 240_000);

describe.each(STANDS)('the packed package in an empty folder of type %s with %s', (type, platform, main) => {
  const folder = (): string => roots.get(type)!;

  it('comes without an optional package', () => {
    for (const name of ['nodemailer', 'openid-client', '@simplewebauthn/server', 'graphql', 'helmet', 'qrcode']) {
      expect(existsSync(join(folder(), 'node_modules', name)), name).toBe(false);
    }
  });

  it('signs in, guards and signs out', { timeout: 60_000 }, async () => {
    const running = startScript(join(folder(), main), {
      PLATFORM: platform,
      DATABASE_URL: await postgresUrl(),
      AUTH_SECRET: SECRET,
    });
    const [, url = ''] = await running.says(/READY (\S+)/);
    const client = new Client(url);
    expect((await client.get('/notes')).status).toBe(401);
    expect((await client.register('ada@example.com')).status).toBe(202);
    expect((await client.signIn('ada@example.com')).status).toBe(200);
    expect((await client.get('/notes')).body).toEqual({ items: [] });
    expect((await client.post('/auth/logout')).status).toBe(204);
    expect((await client.get('/notes')).status).toBe(401);
    await running.stop();
  });

  it('has the command line', async () => {
    expect(await run(folder(), join(folder(), 'node_modules/.bin/gatehouse'), ['generate-secret'], {})).toMatch(
      /\S{40}/,
    );
  });
});

// What ES modules see of them is checked beside the sources.
it('compiles with every declaration checked, as CommonJS', { timeout: 120_000 }, async () => {
  const root = roots.get('commonjs')!;
  await run(root, join(root, 'node_modules/typescript/bin/tsc'), ['-p', '.'], {});
});
