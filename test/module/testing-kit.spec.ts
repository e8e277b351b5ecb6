import { Module, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Accounts,
  AuthModule,
  PasswordHasher,
  Sessions,
  StateStore,
  type AuthOptions,
  type AuthValues,
} from '../../lib/index.js';
import { actingAs, FastPasswordHasher, useAuthTesting } from '../../lib/testing/index.js';
import { ADAPTERS, PASSWORD, User, type Adapter } from '../support/app.js';
import { Client } from '../support/client.js';
import { NotesController, sqlite } from './kit.js';

let app: INestApplication | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await app?.close();
  app = undefined;
});

/** An application as it is in production: no secret at hand, Redis at an address that nobody answers. */
const DEPLOYED = {
  secret: undefined,
  baseUrl: undefined,
  redis: { url: 'redis://127.0.0.1:1', connectTimeout: '200ms' },
  instances: 3,
  emailVerification: 'off',
} as const satisfies AuthValues;

interface Started {
  readonly url: string;
  readonly app: INestApplication;
}

async function start(values: AuthValues = DEPLOYED, adapter: Adapter = 'express'): Promise<Started> {
  const options: AuthOptions<User> = { userEntity: User, ...values };
  @Module({ imports: [sqlite(), AuthModule.forRoot<User>(options)], controllers: [NotesController] })
  class AppModule {}
  const builder = useAuthTesting(Test.createTestingModule({ imports: [AppModule] }));
  const moduleRef = await builder.compile();
  const made = moduleRef.createNestApplication(
    (adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter()) as ExpressAdapter,
    { logger: false },
  );
  app = made;
  await made.listen(0, '127.0.0.1');
  return { app: made, url: (await made.getUrl()).replace('[::1]', '127.0.0.1') };
}

async function newUser(running: Started, email = 'ada@example.com') {
  const user = await running.app.get(Accounts).create({ email, password: PASSWORD });
  return user!;
}

describe.each(ADAPTERS)('useAuthTesting on %s', (adapter) => {
  it('starts without a secret, an address or a service, in memory and with a hasher that costs nothing', async () => {
    const running = await start(DEPLOYED, adapter);
    expect(running.app.get(StateStore).kind).toBe('memory');
    expect(running.app.get(PasswordHasher)).toBeInstanceOf(FastPasswordHasher);
    const client = new Client(running.url);
    expect((await client.register('ada@example.com')).status).toBe(202);
    expect((await client.signIn('ada@example.com')).status).toBe(200);
    expect((await client.get('/notes/marked')).status).toBe(200);
    expect((await client.post('/auth/logout')).status).toBe(204);
    expect((await client.get('/notes/marked')).status).toBe(401);
  });

  it('limits nothing: neither wrong passwords nor registrations', async () => {
    const running = await start(DEPLOYED, adapter);
    await newUser(running);
    const client = new Client(running.url);
    for (let count = 0; count < 30; count += 1) {
      expect((await client.signIn('ada@example.com', 'wrong')).status).toBe(401);
      expect((await client.register(`person${count}@example.com`)).status).toBe(202);
    }
    expect((await client.signIn('ada@example.com')).status).toBe(200);
  });

  it('keeps the rest of the options, and refuses those that are not valid', async () => {
    const running = await start(
      { ...DEPLOYED, publicUserFields: ['displayName'], registration: { enabled: false } },
      adapter,
    );
    expect((await new Client(running.url).register('ada@example.com')).status).toBe(404);
    expect(await newUser(running)).toMatchObject({ displayName: null });
    await expect(start({ ...DEPLOYED, identifiers: [] }, adapter)).rejects.toThrow(/identifiers/);
  });

  it('actingAs signs a user in for requests of every method, by the user or the id', async () => {
    const running = await start(DEPLOYED, adapter);
    const ada = await newUser(running);
    for (const who of [ada, ada.id]) {
      const headers = { ...(await actingAs(running.app, who)) };
      const client = new Client(running.url);
      expect((await client.get('/notes/marked', { headers })).body).toEqual({ userId: ada.id });
      expect((await client.delete('/auth/sessions?keepCurrent=true', { headers })).status).toBe(200);
    }
    const { cookie } = await actingAs(running.app, ada);
    const unsafe = await new Client(running.url).delete('/auth/sessions', { headers: { cookie } });
    expect(unsafe.body).toMatchObject({ code: 'CSRF_FAILED' });
  });

  it('actingAs begins a real session: it is listed, and ends when it is revoked', async () => {
    const running = await start(DEPLOYED, adapter);
    const ada = await newUser(running);
    const headers = { ...(await actingAs(running.app, ada)) };
    const client = new Client(running.url);
    const { items } = (await client.get('/auth/sessions', { headers })).body;
    expect(items).toHaveLength(1);
    await running.app.get(Sessions).revoke(ada.id, items[0].id);
    expect((await client.get('/notes/marked', { headers })).status).toBe(401);
  });

  it('actingAs signs in nobody who is disabled or unknown', async () => {
    const running = await start(DEPLOYED, adapter);
    const ada = await newUser(running);
    await running.app.get(Accounts).disable(ada.id);
    await expect(actingAs(running.app, ada)).rejects.toThrow(/is disabled/);
    const nobody = '0193e4a0-0000-7000-8000-000000000000';
    await expect(actingAs(running.app, nobody)).rejects.toThrow(/there is no user/);
  });
});

describe('the testing kit in production', () => {
  const PRODUCTION = { secret: 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC', baseUrl: 'https://api.example.com' };

  it('does not start under NODE_ENV=production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await expect(start()).rejects.toThrow(/^Gatehouse: /);
    await expect(start({ ...PRODUCTION, trustedProxyHops: 0 })).rejects.toThrow(/^Gatehouse: /);
  });

  it('does not start by saying it is a test after all, or by accepting the finding', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await expect(start({ ...PRODUCTION, environment: 'test' })).rejects.toThrow(/environment: must not be/);
    const accept = Object.fromEntries(
      ['testing.mode', 'database.synchronize', 'database.embedded', 'network.trusted-proxy-hops'].map((id) => [
        id,
        'because',
      ]),
    );
    await expect(start({ ...PRODUCTION, checklist: { accept } })).rejects.toThrow(/for tests/);
  });

  it('does not start where NODE_ENV is forgotten and the API has a public name', async () => {
    vi.stubEnv('NODE_ENV', '');
    await expect(start(PRODUCTION)).rejects.toThrow(/^Gatehouse: /);
  });
});
