import express from 'express';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Module, VersioningType, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describe, expect, it, vi } from 'vitest';
import {
  Checklist,
  fastifyOptions,
  harden,
  setupApiDocs,
  type AuthValues,
  type ChecklistEntry,
} from '../../lib/index.js';
import { ADAPTERS, startApp, type AppSetup, type TestApp } from '../support/app.js';
import { call, PRODUCTION, startHardened } from './kit.js';

async function entry(app: TestApp, id: string): Promise<ChecklistEntry | undefined> {
  return (await app.get(Checklist).report()).entries.find((one) => one.id === id);
}

describe('harden(app)', () => {
  it.each(ADAPTERS)(
    'works with prefix and versions, and before hooks and middleware of the host, on %s',
    async (adapter) => {
      const seen: string[] = [];
      const app = await startHardened(
        adapter,
        {},
        {
          prepare: (host: INestApplication) => {
            const http = host.getHttpAdapter() as unknown as { setOnRequestHook(hook: unknown): void };
            const hook = (name: string) => (request: { url: string }, _response: unknown, done: () => void) => {
              seen.push(`${name} ${request.url}`);
              done();
            };
            http.setOnRequestHook(hook('before'));
            host.use((request: { url: string }, _response: unknown, next: () => void) => {
              seen.push(`use ${request.url}`);
              next();
            });
            harden(host);
            host.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
          },
        },
      );
      expect((await call(app, '/api/v1/answer', { host: 'evil.example.net' })).status).toBe(400);
      expect(seen).toEqual([]);
      const answer = await call(app, '/api/v1/answer');
      expect(answer).toMatchObject({ status: 200, headers: { 'x-content-type-options': 'nosniff' } });
      expect(seen).toEqual(['before /api/v1/answer', 'use /api/v1/answer']);
      expect((await call(app, '/api/auth/session')).status).toBe(200);
      await app.close();
    },
  );

  it.each(ADAPTERS)('keeps running a hook that the host sets after it, on %s', async (adapter) => {
    let seen = 0;
    const app = await startHardened(
      adapter,
      {},
      {
        prepare: (host: INestApplication) => {
          harden(host);
          const http = host.getHttpAdapter() as unknown as { setOnRequestHook(hook: unknown): void };
          http.setOnRequestHook((_request: unknown, _response: unknown, done: () => void) => {
            seen += 1;
            done();
          });
        },
      },
    );
    const answer = await call(app, '/answer');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(seen).toBe(1);
    await app.close();
  });

  it('can be awaited', async () => {
    const app = await startHardened(
      'express',
      {},
      {
        prepare: async (host) => {
          await (harden(host) as void | Promise<void>);
        },
      },
    );
    expect((await call(app, '/answer')).headers['x-content-type-options']).toBe('nosniff');
    await app.close();
  });

  it.each(ADAPTERS)('refuses CORS of the host beside its own, before it and after it, on %s', async (adapter) => {
    const after = { prepare: (host: INestApplication) => (harden(host), host.enableCors()) };
    await expect(startHardened(adapter, {}, after)).rejects.toThrow(/harden\(app\) and CORS/);
    // Fastify registers what `enableCors` asks for only when it starts: then the checklist sees it.
    const before = { prepare: (host: INestApplication) => host.enableCors({ origin: true, credentials: true }) };
    await expect(startHardened(adapter, {}, before)).rejects.toThrow(
      adapter === 'express' ? /harden\(app\) and CORS/ : /network\.cors: .*enableCors/,
    );
  });

  it('refuses the option cors of NestFactory, an application without AuthModule, and one that has begun', async () => {
    @Module({})
    class Bare {}
    const exit = vi.spyOn(process, 'exit');
    const bare = await NestFactory.create(Bare, new ExpressAdapter(), { logger: false });
    expect(() => harden(bare)).toThrow(/harden\(app\) needs AuthModule/);
    expect(() => setupApiDocs(bare, { paths: {} })).toThrow(/setupApiDocs\(app\) needs AuthModule/);
    expect(exit).not.toHaveBeenCalled();
    exit.mockRestore();
    const late = await startApp({ auth: { environment: 'test' } });
    expect(() => harden(late.app)).toThrow(/too late/);
    await late.close();
    await bare.close();
  });

  it('leaves an application that parses bodies itself to it', async () => {
    const limit = { prepare: (host: INestApplication) => void parsers(host).useBodyParser('json', { limit: '1mb' }) };
    const app = await startHardened('express', {}, limit);
    const body = JSON.stringify({ text: 'x'.repeat(500_000) });
    const sent = await call(app, '/echo', { 'content-type': 'application/json' }, { method: 'POST', body });
    expect(sent.status).toBe(201);
    await app.close();
    const json = 'application/json';
    const own = { prepare: (host: INestApplication) => void parsers(host).useBodyParser(json, { bodyLimit: 1e6 }) };
    const other = await startHardened('fastify', {}, own);
    const again = await call(other, '/echo', { 'content-type': json }, { method: 'POST', body });
    expect(again.status).toBe(201);
    await other.close();
  });
});

describe('parsers of the application, registered after harden(app)', () => {
  const JSON_TYPE = { 'content-type': 'application/json' };
  const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
  const text = (length: number) => JSON.stringify({ text: 'x'.repeat(length) });
  const post = async (app: TestApp, path: string, headers: Readonly<Record<string, string>>, body: string) => {
    const answer = await call(app, path, headers, { method: 'POST', body });
    return { status: answer.status, body: JSON.parse(answer.text) as Record<string, unknown> };
  };

  it('come first on their paths, and the limit holds on the others', async () => {
    const prepare = (host: INestApplication) => {
      harden(host);
      host.use('/webhook', express.raw({ type: '*/*' }));
      host.use('/received', express.json({ limit: '1mb' }));
    };
    const app = await startHardened('express', {}, { prepare });
    const signed = '{ "paid":  true }';
    expect(await post(app, '/webhook', JSON_TYPE, signed)).toMatchObject({ status: 201, body: { bytes: signed } });
    expect((await post(app, '/received', JSON_TYPE, text(500_000))).status).toBe(201);
    expect((await post(app, '/echo', JSON_TYPE, text(110_000))).status).toBe(413);
    expect((await post(app, '/echo', FORM_TYPE, `text=${'x'.repeat(110_000)}`)).status).toBe(413);
    expect(await post(app, '/echo', FORM_TYPE, 'a=1')).toMatchObject({ status: 201, body: { length: 9 } });
    await app.close();
  });

  it('keep their own limit on Fastify, and the limit holds for other types', async () => {
    const prepare = (host: INestApplication) => {
      harden(host);
      parsers(host).useBodyParser('application/json', { bodyLimit: 1e6 });
    };
    const app = await startHardened('fastify', {}, { prepare });
    expect((await post(app, '/echo', JSON_TYPE, text(500_000))).status).toBe(201);
    expect((await post(app, '/echo', FORM_TYPE, `text=${'x'.repeat(110_000)}`)).status).toBe(413);
    await app.close();
  });

  it.each(ADAPTERS)('and the rawBody of NestFactory stays, on %s', async (adapter) => {
    const prepare = (host: INestApplication) => {
      const nest = host as unknown as { appOptions?: object };
      nest.appOptions = { ...nest.appOptions, rawBody: true };
    };
    const app = await startHardened(adapter, {}, { prepare });
    for (const [headers, body] of [
      [JSON_TYPE, '{ "a":  1 }'],
      [FORM_TYPE, 'a=1'],
    ] as const) {
      expect((await post(app, '/received', headers, body)).body).toEqual({ bytes: null, rawBody: body });
    }
    expect((await post(app, '/received', JSON_TYPE, text(110_000))).status).toBe(413);
    await app.close();
  });
});

describe('network.harden', () => {
  const start = (more: AppSetup, auth: Partial<AuthValues> = {}) =>
    startApp({ hasher: 'real', auth: { ...PRODUCTION, ...auth }, ...more });

  it('is a finding when harden was not called, and passes when it was', async () => {
    const without = await start({});
    expect(await entry(without, 'network.harden')).toMatchObject({
      outcome: 'finding',
      severity: 'warn',
      evidence: { called: false },
      change: expect.stringContaining('harden(app)'),
    });
    await without.close();
    const hardened = await startHardened('express');
    expect(await entry(hardened, 'network.harden')).toMatchObject({ outcome: 'passed' });
    await hardened.close();
  });

  it.each([
    [{}, ['trustProxy', 'bodyLimit']],
    [{ trustProxy: 1, bodyLimit: 102_400 }, ['trustProxy']],
    [{ trustProxy: true, bodyLimit: 102_400 }, ['trustProxy']],
    [fastifyOptions({ trustedProxyHops: 2 }), ['trustProxy']],
    [fastifyOptions({ trustedProxyHops: 1, http: { bodyLimit: '1mb' } }), ['bodyLimit']],
  ])('is a finding on a Fastify whose constructor was given others: %o', async (fastify, differ) => {
    const app = await startHardened('fastify', {}, { fastify: fastify as never });
    expect(await entry(app, 'network.harden')).toMatchObject({
      outcome: 'finding',
      evidence: { called: true, differ },
    });
    await app.close();
  });

  it('passes on a Fastify with the same', async () => {
    const values = { trustedProxyHops: 0, http: { bodyLimit: '2mb' } } as const;
    const app = await startHardened('fastify', values);
    expect(await entry(app, 'network.harden')).toMatchObject({ outcome: 'passed' });
    await app.close();
  });

  it('is not checked where nobody has run main.ts', async () => {
    let outcome: ChecklistEntry | undefined;
    const app = await start({
      prepare: async (host) => {
        const { entries } = await host.get(Checklist).report();
        outcome = entries.find(({ id }) => id === 'network.harden');
      },
    });
    expect(outcome).toMatchObject({ outcome: 'unchecked', reason: expect.stringContaining('main.ts') });
    await app.close();
  });
});

describe('fastifyOptions', () => {
  it('reads the options as AuthModule does, and names what is wrong', () => {
    expect(fastifyOptions()).toMatchObject({ trustProxy: false, bodyLimit: 102_400, requestTimeout: 300_000 });
    expect(fastifyOptions({ trustedProxyHops: 0, http: {} })).toMatchObject({ trustProxy: false });
    const { trustProxy } = fastifyOptions({ trustedProxyHops: 2 });
    expect([0, 1, 2].map((hop) => trustProxy !== false && trustProxy('192.0.2.1', hop))).toEqual([true, true, false]);
    expect(() => fastifyOptions({ trustedProxyHops: 11, http: { bodyLimit: '11mb' } })).toThrow(
      /trustedProxyHops: must be a whole number.*\n.*|http\.bodyLimit: must be a size/,
    );
    expect(() => new FastifyAdapter(fastifyOptions({ trustedProxyHops: 1 }))).not.toThrow();
  });
});

describe.each(ADAPTERS)('setupApiDocs on %s', (adapter) => {
  const UI = ['/docs', '/docs/', '/docs/index.html', '/docs/swagger-ui-init.js', '/docs/swagger-ui-bundle.js'];
  const DOCUMENTS = ['/docs-json', '/docs-yaml'];

  function documented(auth: Partial<AuthValues>, options?: Parameters<typeof setupApiDocs>[2]): Promise<TestApp> {
    return startHardened(adapter, auth, {
      prepare: (host) => {
        host.setGlobalPrefix('api');
        const config = new DocumentBuilder().setTitle('Orders').build();
        setupApiDocs(host, () => SwaggerModule.createDocument(host, config), options);
      },
    });
  }

  it('serves nothing in production', async () => {
    const app = await documented({});
    for (const path of [...UI, ...DOCUMENTS]) {
      const answer = await call(app, path);
      expect(answer.status, path).toBe(404);
      expect(answer.text).not.toMatch(/SwaggerUI|"openapi"|^openapi/);
    }
    expect(await entry(app, 'network.api-docs')).toMatchObject({ outcome: 'passed' });
    await app.close();
  });

  it('serves them in production when the options say so, which is a finding', async () => {
    const app = await documented({ http: { apiDocs: true } });
    for (const path of [...UI, ...DOCUMENTS]) expect((await call(app, path)).status, path).toBe(200);
    expect(await entry(app, 'network.api-docs')).toMatchObject({ outcome: 'finding', severity: 'warn' });
    await app.close();
  });

  it('serves them elsewhere, with the rules of the routes and a policy under which they work', async () => {
    const app = await documented({ environment: 'test' });
    const page = await call(app, '/docs');
    expect(page.headers['content-security-policy']).toContain("style-src 'self' 'unsafe-inline'");
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    // The policy runs no script that stands in the page.
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect((await call(app, '/docs/swagger-ui.css')).status).toBe(200);
    const { paths } = JSON.parse((await call(app, '/docs-json')).text) as { paths: Record<string, any> };
    expect(paths['/api/auth/me'].get.security).not.toEqual([]);
    expect(paths['/api/answer'].get.security).toEqual([]);
    expect((await call(app, '/api/answer')).headers['content-security-policy']).toContain("default-src 'none'");
    await app.close();
  });

  it('puts them where it is told, below the prefix too', async () => {
    const app = await documented({ environment: 'test' }, { path: '/reference/', useGlobalPrefix: true });
    const page = await call(app, '/api/reference');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("'unsafe-inline'");
    expect((await call(app, '/docs')).status).toBe(404);
    await app.close();
  });
});

function parsers(app: INestApplication): { useBodyParser(type: string, options: object): unknown } {
  return app as unknown as { useBodyParser(type: string, options: object): unknown };
}
