import { Module, type DynamicModule, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { AccessChecks } from '../../lib/access/access.checks.js';
import { AccessRefusals } from '../../lib/access/access-refusals.js';
import { AuthMetrics } from '../../lib/events/auth-metrics.js';
import { Metrics } from '../../lib/events/metrics.service.js';
import { AddressCheck } from '../../lib/access/address-check.js';
import { AccessGuard } from '../../lib/access/access.guard.js';
import { AuthContext } from '../../lib/access/auth-context.js';
import { BearerTokenReader } from '../../lib/access/bearer-token-reader.js';
import { CookieRenewal } from '../../lib/access/cookie-renewal.js';
import { CookieSessionReader } from '../../lib/access/cookie-session-reader.js';
import { ApiKeyReader } from '../../lib/access/api-key-reader.js';
import { AuthContextMiddleware } from '../../lib/access/auth-context.middleware.js';
import { SessionReader, type AuthRequest, type SessionReading } from '../../lib/access/credential-source.js';
import { CsrfProtection } from '../../lib/access/csrf-protection.js';
import { Principals } from '../../lib/access/principals.js';
import { ResourceTokenReader } from '../../lib/access/resource-token-reader.js';
import { RouteRules } from '../../lib/access/route-rules.js';
import { sealedGuard } from '../../lib/access/sealed-guard.js';
import { StepUpMethods } from '../../lib/access/step-up-methods.js';
import { StepUp } from '../../lib/access/step-up.service.js';
import { UserLoader } from '../../lib/access/user-loader.js';
import { ClientAddresses } from '../../lib/attempts/client-addresses.service.js';
import { DeviceCookie } from '../../lib/attempts/device-cookie.js';
import { Clock } from '../../lib/common/clock.js';
import type { Principal, PrincipalFields } from '../../lib/common/principal.js';
import { CookieJar } from '../../lib/cookies/cookie-jar.js';
import { AuthHooks } from '../../lib/hooks/auth-hooks.js';
import { AddressGate } from '../../lib/ip-rules/address-gate.js';
import { Keyring } from '../../lib/keys/keyring.js';
import type { AuthStructure, AuthValues } from '../../lib/options/auth-options.js';
import { AuthSettings } from '../../lib/options/auth-settings.js';
import { resolveSettings } from '../../lib/options/resolve-options.js';
import { AUTH_STRUCTURE } from '../../lib/options/tokens.js';
import { RoleGrants } from '../../lib/roles/role-grants.js';
import { SecondFactors } from '../../lib/second-factors/second-factors.service.js';
import { SECOND_FACTORS } from '../../lib/second-factors/tokens.js';
import { principalOf } from '../support/principals.js';
import { SessionCache } from '../../lib/sessions/session-cache.js';
import { SessionCookie } from '../../lib/sessions/session-cookie.js';
import { AccessTokens } from '../../lib/tokens/access-tokens.service.js';
import { TokenKeys } from '../../lib/tokens/token-keys.js';
import { TokenPassport } from '../../lib/tokens/token-passport.js';
import { TokenScopes } from '../../lib/tokens/token-scopes.js';
import { UserDirectory } from '../../lib/users/user-directory.js';

export class User {
  id = '';
}

/** Time that tests move. */
export class TestClock extends Clock {
  nowMs = Date.UTC(2030, 0, 1);

  override now(): number {
    return this.nowMs;
  }
}

export function principal(fields: Partial<PrincipalFields> = {}): Principal {
  const now = Date.UTC(2030, 0, 1);
  return principalOf({ authenticatedAt: now, freshUntil: now + 300_000, expiresAt: now + 86_400_000, ...fields });
}

/** Sessions by the text of the cookie header: `sid=<name>`. */
export class TestSessions extends SessionReader {
  readonly live = new Map<string, Principal>();
  readonly dead = new Set<string>();
  reads = 0;
  /** Thrown instead of an answer. */
  failure: Error | undefined;

  override async fromCookie(request: AuthRequest): Promise<SessionReading> {
    this.reads += 1;
    if (this.failure !== undefined) throw this.failure;
    const name = /^sid=(\w+)$/.exec(String(request.headers['cookie'] ?? ''))?.[1];
    if (name === undefined) return { status: 'none' };
    if (this.dead.has(name)) return { status: 'dead' };
    const found = this.live.get(name);
    return found === undefined
      ? { status: 'none' }
      : { status: 'live', principal: found, csrf: { seed: `seed-${name}` } };
  }
}

export class TestUsers extends UserLoader {
  loads = 0;

  override async load(userId: string): Promise<object | undefined> {
    this.loads += 1;
    return userId === 'gone' ? undefined : Object.assign(new User(), { id: userId });
  }
}

export const ORIGIN = 'https://app.example.com';

export interface AccessOptions {
  readonly structure?: Partial<AuthStructure>;
  readonly values?: Partial<AuthValues>;
  /** Further providers of the module of Gatehouse. */
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type[];
}

/** What `AuthModule` registers for this folder. */
@Module({})
export class AccessModule {
  static with({ structure = {}, values = {}, providers = [], controllers = [] }: AccessOptions = {}): DynamicModule {
    const settings = resolveSettings({
      secret: 'hM4vT9qLx2Rz7Wb0KcYd5NfJs8Pg3UaE6oIyQtXw1Zk',
      baseUrl: 'https://api.example.com',
      origins: [ORIGIN],
      environment: 'test',
      ...values,
    });
    return {
      module: AccessModule,
      global: true,
      controllers: [...controllers],
      providers: [
        { provide: AuthSettings, useValue: settings },
        { provide: AUTH_STRUCTURE, useValue: { userEntity: User, ...structure } satisfies AuthStructure },
        { provide: Clock, useClass: TestClock },
        { provide: SessionReader, useClass: TestSessions },
        { provide: UserLoader, useClass: TestUsers },
        // Sessions are those of `TestSessions`: no token and no cookie of Gatehouse has one.
        { provide: SessionCache, useValue: { find: () => Promise.resolve(undefined) } },
        // There is no API key and no link here: whatever looks like one is refused.
        { provide: ApiKeyReader, useValue: { recognises: () => false, read: () => Promise.resolve(undefined) } },
        { provide: ResourceTokenReader, useValue: { presented: () => undefined } },
        AddressCheck,
        // No address is ruled out here.
        { provide: AddressGate, useValue: { isOpen: () => true } },
        ClientAddresses,
        Keyring,
        CookieJar,
        SessionCookie,
        DeviceCookie,
        AuthHooks,
        RoleGrants,
        TokenKeys,
        TokenPassport,
        TokenScopes,
        AccessTokens,
        BearerTokenReader,
        CookieSessionReader,
        CookieRenewal,
        CsrfProtection,
        StepUpMethods,
        StepUp,
        SecondFactors,
        { provide: SECOND_FACTORS, useValue: [] },
        { provide: UserDirectory, useValue: { publicUser: () => Promise.resolve(undefined) } },
        // There is no database here: refusals leave no row.
        { provide: AccessRefusals, useValue: { note: () => undefined } },
        AuthMetrics,
        Metrics,
        RouteRules,
        Principals,
        AuthContext,
        AuthContextMiddleware,
        AccessChecks,
        AccessGuard,
        { provide: APP_GUARD, useFactory: sealedGuard, inject: [AccessGuard] },
        ...providers,
      ],
      exports: [Principals, AuthContext, RouteRules, CsrfProtection],
    };
  }
}

export interface RunningApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly sessions: TestSessions;
  readonly users: TestUsers;
  readonly clock: TestClock;
  readonly csrf: CsrfProtection;
}

export interface StartOptions {
  readonly adapter?: 'express' | 'fastify';
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  readonly prepare?: (app: INestApplication) => void;
}

/** Starts a host with `AccessModule` on an ephemeral port of the loopback address. */
export async function startApp(host: Type | DynamicModule, options: StartOptions = {}): Promise<RunningApp> {
  const { adapter = 'express', override = (builder) => builder, prepare = () => undefined } = options;
  const moduleRef = await override(Test.createTestingModule({ imports: [host] })).compile();
  const app =
    adapter === 'fastify'
      ? moduleRef.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false })
      : moduleRef.createNestApplication({ logger: false });
  prepare(app);
  await app.listen(0, '127.0.0.1');
  return {
    app,
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    sessions: app.get(SessionReader, { strict: false }),
    users: app.get(UserLoader, { strict: false }),
    clock: app.get(Clock, { strict: false }),
    csrf: app.get(CsrfProtection, { strict: false }),
  };
}

/** Headers of a request from a page of the application with the session `name`. */
export function signedIn({ csrf }: Pick<RunningApp, 'csrf'>, name: string): Record<string, string> {
  return { cookie: `sid=${name}`, origin: ORIGIN, 'x-csrf-token': csrf.csrfToken(`seed-${name}`) };
}
