import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Client } from '../support/client.js';
import { page, ROOT } from './pages.js';
import { blockFiles } from './typescript-blocks.js';

const readme = page('README.md');
const example = blockFiles(readme).find(({ name }) => name === 'app.module.ts')?.code ?? '';

describe('the example of the README', () => {
  const home = process.cwd();
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-readme-'));
  let app: INestApplication;
  let client: Client;
  const lines: string[] = [];

  beforeAll(async () => {
    process.env['AUTH_SECRET'] = randomBytes(32).toString('base64url');
    const { AppModule } = await run(example);
    // Its database is a file where it is started.
    process.chdir(folder);
    const log = (line: unknown): void => void lines.push(String(line));
    app = await NestFactory.create(AppModule as Type, { logger: { log, warn: log, error: log } });
    await app.listen(0, '127.0.0.1');
    client = new Client(await app.getUrl());
  });
  afterAll(async () => {
    await app.close();
    process.chdir(home);
    delete process.env['AUTH_SECRET'];
    rmSync(folder, { recursive: true });
  });

  it('has fifteen lines, imports aside', () => {
    const lines = example.split('\n').filter((line) => !/^(?:import .*|\/\/ .*|)$/.test(line));
    expect(lines).toHaveLength(15);
  });

  it('registers, signs in, guards and signs out, as the README says', async () => {
    const ada = { email: 'ada@example.com', password: 'seven hinges and a bell' };
    expect(readme.text).toContain(`-d '${JSON.stringify(ada)}'`);
    expect((await client.get('/notes')).status).toBe(401);
    const registered = await client.post('/auth/register', ada);
    expect([registered.status, registered.body]).toEqual([202, { status: 'accepted' }]);
    const tokens = () => [...lines.join('\n').matchAll(/#token=(\S+)/g)].map(([, token]) => token);
    await vi.waitUntil(() => tokens().length > 0, { timeout: 5_000 });
    expect((await client.post('/auth/login', ada)).status).toBe(401);
    // That has sent the link once more, and the newest is the one that works.
    await vi.waitUntil(() => new Set(tokens()).size > 1, { timeout: 5_000 });
    const token = tokens().at(-1);
    expect((await client.post('/auth/email/verify', { token })).status).toBe(204);
    expect((await client.post('/auth/register', ada)).body).toEqual({ status: 'accepted' });
    const signedIn = await client.post('/auth/login', ada);
    expect([signedIn.status, signedIn.body.status]).toEqual([200, 'signed_in']);
    expect((await client.get('/notes')).body).toEqual({ notesOf: signedIn.body.user.id });
    expect((await client.get('/auth/session')).body.user).toEqual(signedIn.body.user);
    expect((await client.post('/auth/logout', undefined, { csrf: false })).status).toBe(403);
    expect((await client.post('/auth/logout')).status).toBe(204);
    expect((await client.get('/notes')).status).toBe(401);
    expect((await client.get('/auth/session')).body).toEqual({ user: null });
  });
});

describe('the README', () => {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
    readonly scripts: Readonly<Record<string, string>>;
    readonly peerDependencies: Readonly<Record<string, string>>;
    readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  };

  it('installs every package that the module asks for, in a major version that it takes', () => {
    const line = /^npm install (nestjs-gatehouse .*)$/m.exec(readme.text)?.[1] ?? '';
    const installed = line.split(' ');
    for (const [name, range] of Object.entries(manifest.peerDependencies)) {
      if (manifest.peerDependenciesMeta[name]?.optional === true) continue;
      const taken = /^\^((?:0\.)?\d+)/.exec(range)?.[1];
      expect(installed).toContain(`${name}@${taken}`);
    }
  });

  it('names the versions of Node.js that package.json names, and scripts that are there', () => {
    expect(readme.text).toContain(`Node.js \`${manifest.engines.node}\``);
    const scripts = [...readme.text.matchAll(/^\| `npm (?:run )?(\w+)` \|/gm)].map(([, name = '']) => name);
    expect(scripts.length).toBeGreaterThan(4);
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });
});

/** Runs one file of TypeScript as the compiler of an application would, with the package taken from `lib/`. */
async function run(code: string): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.CommonJS,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      useDefineForClassFields: false,
    },
  });
  const names = [...outputText.matchAll(/require\("([^"]+)"\)/g)].map(([, name = '']) => name);
  const modules = new Map<string, unknown>();
  for (const name of names)
    modules.set(name, await (name === 'nestjs-gatehouse' ? import('../../lib/index.js') : import(name)));
  const exported: Record<string, unknown> = {};
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the code is a page of this repository
  const evaluate = new Function('require', 'exports', outputText) as (
    require: (name: string) => unknown,
    exports: Record<string, unknown>,
  ) => void;
  evaluate((name) => modules.get(name), exported);
  return exported;
}
