import { Global, Injectable, Module, type CanActivate, type Provider } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  AccessGuard,
  Accounts,
  AuthHooks,
  AuthModule,
  Clock,
  PasswordHasher,
  StateStore,
  type AuthOptions,
  type BeforeRegister,
} from '../../lib/index.js';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, PASSWORD, User } from '../support/app.js';
import { closeAfterEach, NotesController, startHost, VALUES, type Host, type HostSetup } from './kit.js';

closeAfterEach();

function withAuth(options: Partial<AuthOptions<User>>, setup: Partial<HostSetup> = {}): HostSetup {
  const auth = AuthModule.forRoot<User>({ userEntity: User, ...VALUES, ...options });
  return { controllers: [NotesController], hasher: 'own', ...setup, imports: [auth, ...(setup.imports ?? [])] };
}

async function registerAndSignIn(host: Host) {
  const client = host.client();
  expect((await client.register('ada@example.com')).status).toBe(202);
  expect((await client.signIn('ada@example.com')).status).toBe(200);
  return client;
}

/** A scheme of the host's own. Protects nothing. */
@Injectable()
class PlainHasher extends PasswordHasher {
  override async hash(password: string): Promise<string> {
    return `plain:${password}`;
  }
  override async verify(password: string, stored: string): Promise<boolean> {
    return stored === `plain:${password}`;
  }
  override needsRehash(): boolean {
    return false;
  }
}

const plainHasher = { provide: PasswordHasher, useClass: PlainHasher };

class WatchedStore extends MemoryStateStore {
  readonly keys: string[] = [];
  closed = 0;

  override attemptBegin(...args: Parameters<StateStore['attemptBegin']>): ReturnType<StateStore['attemptBegin']> {
    this.keys.push(args[0]);
    return super.attemptBegin(...args);
  }
  override consume(...args: Parameters<StateStore['consume']>): ReturnType<StateStore['consume']> {
    this.keys.push(args[0]);
    return super.consume(...args);
  }
  override getMany(keys: readonly string[]): Promise<(string | null)[]> {
    this.keys.push(...keys);
    return super.getMany(keys);
  }
  override async close(): Promise<void> {
    this.closed += 1;
  }
}

@Injectable()
class Blocklist {
  readonly seen: string[] = [];

  blocks(email: string): boolean {
    this.seen.push(email);
    return email.endsWith('@blocked.example');
  }
}

@Injectable()
class HostHooks extends AuthHooks {
  constructor(private readonly blocklist: Blocklist) {
    super();
  }

  override beforeRegister({ email }: BeforeRegister): boolean {
    return !this.blocklist.blocks(email);
  }
}

@Module({ providers: [Blocklist], exports: [Blocklist] })
class BlocklistModule {}

@Global()
@Module({ providers: [Blocklist], exports: [Blocklist] })
class GlobalBlocklistModule {}

describe.each(ADAPTERS)('overrides on %s', (adapter) => {
  it('put a store of the host in every place, and close it once', async () => {
    const store = new WatchedStore(new TestClock());
    const host = await startHost(
      withAuth({ overrides: [{ provide: StateStore, useValue: store }, plainHasher] }, { adapter }),
    );
    const client = await registerAndSignIn(host);
    expect((await client.get('/notes/marked')).status).toBe(200);
    expect(host.get(StateStore)).toBe(store);
    for (const prefix of ['gh:rate:register', 'gh:rate:anonymous', 'gh:attempt:passwordByAddress', 'gh:{']) {
      expect(
        store.keys.filter((key) => key.startsWith(prefix)),
        prefix,
      ).not.toEqual([]);
    }
    await host.app.close();
    expect(store.closed).toBe(1);
  });

  it.each([
    ['structure imports', { imports: [BlocklistModule] }, {}],
    ['a global module', {}, { imports: [GlobalBlocklistModule] }],
  ])('put hooks that inject a service of the host in place (from %s)', async (_, options, setup) => {
    const overrides = [{ provide: AuthHooks, useClass: HostHooks }, plainHasher];
    const host = await startHost(withAuth({ ...options, overrides }, { ...setup, adapter }));
    expect((await host.client().register('eve@blocked.example')).status).toBe(403);
    await registerAndSignIn(host);
    expect(host.get(Blocklist).seen).toEqual(['eve@blocked.example', 'ada@example.com']);
  });

  it('put a hasher and a clock in place', async () => {
    const clock = new TestClock(Date.UTC(2031, 4, 5));
    const host = await startHost(
      withAuth({ overrides: [plainHasher, { provide: Clock, useValue: clock }] }, { adapter }),
    );
    const client = await registerAndSignIn(host);
    expect((await client.get('/auth/me')).body.createdAt).toBe('2031-05-05T00:00:00.000Z');
    clock.advance(24 * 60 * 60_000);
    expect((await client.get('/auth/me')).status).toBe(401);
    const created = await host.get(Accounts).create({ email: 'eve@example.com', password: PASSWORD });
    expect((await host.client().signIn('eve@example.com')).body.user.id).toBe(created!.id);
  });
});

describe('the last override of a token', () => {
  it('wins, and the ones before are not even made', async () => {
    const made: string[] = [];
    const named = (name: string): Provider => ({
      provide: StateStore,
      useFactory: (clock: Clock) => {
        made.push(name);
        return new MemoryStateStore(clock);
      },
      inject: [Clock],
    });
    const host = await startHost(
      withAuth({ overrides: [named('first'), plainHasher, named('second'), named('third')] }),
    );
    expect(made).toEqual(['third']);
    await registerAndSignIn(host);
  });
});

describe('overrideProvider in a test', () => {
  it('of the store reaches guard, limits and lockout', async () => {
    const store = new WatchedStore(new TestClock());
    const host = await startHost(
      withAuth({}, { hasher: 'fast', override: (builder) => builder.overrideProvider(StateStore).useValue(store) }),
    );
    const client = await registerAndSignIn(host);
    await client.get('/notes/marked');
    for (const prefix of ['gh:rate:', 'gh:attempt:', 'gh:{']) {
      expect(
        store.keys.some((key) => key.startsWith(prefix)),
        prefix,
      ).toBe(true);
    }
  });

  it.each([
    ['lets everybody through', true, 200],
    ['refuses everybody', false, 403],
  ])('of the guard reaches every route: one that %s', async (_, allows, status) => {
    const guard: CanActivate = { canActivate: () => allows };
    const host = await startHost(
      withAuth({}, { override: (builder) => builder.overrideProvider(AccessGuard).useValue(guard) }),
    );
    for (const path of ['/notes/marked', '/notes/plain', '/notes/open', '/auth/session']) {
      expect((await host.client().get(path)).status, path).toBe(status);
    }
  });

  it('of the guard through `overrides` is the same', async () => {
    const guard: CanActivate = { canActivate: () => true };
    const host = await startHost(withAuth({ overrides: [{ provide: AccessGuard, useValue: guard }] }));
    expect((await host.client().get('/notes/marked')).status).toBe(200);
  });
});
