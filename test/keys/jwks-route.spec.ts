import { Controller, Get, VersioningType, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { Auth, AuthModule, Public, Tokens } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, SECRET, startApp, User, type Adapter, type TestApp } from '../support/app.js';
import { newPair, type PairKind } from './kit.js';

const PATH = '/.well-known/jwks.json';
/** Members of a JWK that give a private or symmetric key away (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const KINDS: readonly PairKind[] = ['ec', 'ed25519', 'rsa'];

/** Routes that take every address, as each adapter spells it. */
const EVERYTHING: Readonly<Record<Adapter, Type>> = { express: everything('*any'), fastify: everything('*') };

function everything(path: string): Type {
  @Controller()
  class Everything {
    @Get(path)
    @Auth()
    page(): string {
      return 'page';
    }
  }
  return Everything;
}

@Controller('.well-known')
class OwnKeySet {
  @Get('jwks.json')
  @Public()
  keys(): object {
    return { keys: [], own: true };
  }
}

let app: TestApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe.each(ADAPTERS)('the key set on %s', (adapter) => {
  it.each(KINDS)('holds the public half of the %s key that signs, and of those that are accepted', async (kind) => {
    const [signing, accepted] = [newPair(kind), KINDS.map((each) => newPair(each))];
    app = await startApp({
      adapter,
      auth: {
        tokens: {
          signingKey: { privateKey: signing.privateKey },
          acceptedKeys: accepted.map(({ publicKey }) => ({ publicKey })),
        },
      },
    });
    const { status, headers, body, text } = await app.client().get(PATH);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.get('content-type')).toMatch(/^application\/(?:jwk-set\+)?json/);
    expect(headers.getSetCookie()).toEqual([]);
    expect(body.keys).toHaveLength(4);
    for (const key of body.keys) {
      for (const member of PRIVATE_MEMBERS) expect(key).not.toHaveProperty(member);
      expect(key).toMatchObject({ use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) });
    }
    expect(text).not.toContain('PRIVATE');
  });

  it('stays at the root under a prefix, versions, another module path and a protected application', async () => {
    const { privateKey } = newPair('ec');
    app = await startApp({
      adapter,
      controllers: [EVERYTHING[adapter]],
      auth: { path: '/v/identity', protect: 'all', tokens: { signingKey: { privateKey } } },
      prepare: (nest) => {
        nest.setGlobalPrefix('api');
        nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '7' });
      },
    });
    expect((await app.client().get(PATH)).body.keys).toHaveLength(1);
    const head = await app.client().call('HEAD', PATH);
    expect(head.status).toBe(200);
    expect(head.headers.get('cache-control')).toBe('public, max-age=300');
    expect(head.text).toBe('');
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect((await app.client().call(method, PATH)).status, method).toBe(404);
    }
  });

  it('is there under header versioning', async () => {
    const { privateKey } = newPair('ec');
    app = await startApp({
      adapter,
      auth: { tokens: { signingKey: { privateKey } } },
      prepare: (nest) =>
        void nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '7' }),
    });
    expect((await app.client().get(PATH)).status).toBe(200);
    expect((await app.client().get(PATH, { headers: { 'x-version': '7' } })).status).toBe(200);
  });

  it('is answered by us where the application answers every address', async () => {
    const { privateKey } = newPair('ec');
    app = await startApp({
      adapter,
      controllers: [EVERYTHING[adapter]],
      auth: { tokens: { signingKey: { privateKey } } },
    });
    expect((await app.client().get(PATH)).body?.keys).toHaveLength(1);
    expect((await app.client().get('/somewhere')).status).toBe(401);
  });

  it('leaves the rules of the application for other origins as they are', async () => {
    const { privateKey } = newPair('ec');
    const auth = { tokens: { signingKey: { privateKey } } };
    const headers = { origin: 'https://app.example.com' };
    app = await startApp({ adapter, auth });
    expect((await app.client().get(PATH, { headers })).headers.get('access-control-allow-origin')).toBeNull();
    await app.close();
    app = await startApp({ adapter, auth, prepare: (nest) => void nest.enableCors({ origin: headers.origin }) });
    expect((await app.client().get(PATH, { headers })).headers.get('access-control-allow-origin')).toBe(headers.origin);
  });

  it('is 404, and in no cache, when the last key has retired', async () => {
    const clock = new TestClock(Date.parse('2027-01-01T00:00:00Z'));
    const { publicKey } = newPair('ed25519');
    app = await startApp({
      adapter,
      clock,
      auth: { tokens: { acceptedKeys: [{ publicKey, notAfter: '2027-01-02T00:00:00Z' }] } },
    });
    expect((await app.client().get(PATH)).status).toBe(200);
    clock.advance(86_400_000);
    const { status, headers, body } = await app.client().get(PATH);
    expect([status, body.code, headers.get('cache-control')]).toEqual([404, 'NOT_FOUND', 'no-store']);
  });

  it('is 404 without a key pair, and the address is then the application’s own', async () => {
    app = await startApp({ adapter });
    expect((await app.client().get(PATH)).status).toBe(404);
    await app.close();
    app = await startApp({ adapter, controllers: [OwnKeySet] });
    expect((await app.client().get(PATH)).body).toEqual({ keys: [], own: true });
  });
});

it('is not needed by an application without HTTP, such as a worker', async () => {
  const { privateKey } = newPair('ec');
  const worker = await NestFactory.createApplicationContext(
    {
      module: class Worker {},
      imports: [
        TypeOrmModule.forRoot({
          type: 'better-sqlite3',
          database: ':memory:',
          autoLoadEntities: true,
          synchronize: true,
        }),
        AuthModule.forRoot({
          userEntity: User,
          secret: SECRET,
          baseUrl: 'http://127.0.0.1:3000',
          environment: 'test',
          tokens: { signingKey: { privateKey } },
        }),
      ],
    },
    { logger: false, abortOnError: false },
  );
  expect(worker.get(Tokens)).toBeDefined();
  await worker.close();
});
