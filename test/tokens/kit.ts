import { createHash } from 'node:crypto';
import { Controller, Get, Injectable, Post } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import {
  Auth,
  AuthHooks,
  CurrentPrincipal,
  Principal,
  type BeforeSignIn,
  type ClaimsRequest,
  type JsonRecord,
} from '../../lib/index.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson, type Person } from '../sessions/kit.js';
import { PASSWORD, startApp, type AppSetup, type Stack, type TestApp } from '../support/app.js';
import { Client, type Answer } from '../support/client.js';

export const GRACE_MS = 30_000;
export const DAY_MS = 86_400_000;

/** Whom the tests grant what. */
export const SCOPES = {
  'notes:read': 'everyone',
  'notes:write': ['editor'],
  'token:introspect': ['service'],
} as const;

/** A host's routes: what the guard knows of the caller, and what a scope or a fresh sign-in is asked for. */
@Controller()
export class TokenRoutes {
  @Get('whoami')
  @Auth()
  who(@CurrentPrincipal() principal: Principal): object {
    const { userId, via, roles, scopes, sessionId, methods, authenticatedAt, freshUntil } = principal;
    return { userId, via, roles, scopes, sessionId, methods, authenticatedAt, freshUntil };
  }

  @Get('notes')
  @Auth({ scopes: ['notes:read'] })
  read(): object {
    return { items: [] };
  }

  @Post('notes')
  @Auth({ scopes: ['notes:read', 'notes:write'] })
  write(): object {
    return {};
  }

  @Post('vault')
  @Auth({ fresh: true })
  open(): object {
    return {};
  }
}

/** An application's own hooks, set by a test. */
@Injectable()
export class ToldTokenHooks extends AuthHooks {
  veto: (signIn: BeforeSignIn) => Promise<boolean | void> | boolean | void = () => undefined;
  more: (token: ClaimsRequest) => Promise<JsonRecord | void> | JsonRecord | void = () => undefined;
  readonly asked: BeforeSignIn[] = [];

  override beforeSignIn(signIn: BeforeSignIn): Promise<boolean | void> | boolean | void {
    this.asked.push(signIn);
    return this.veto(signIn);
  }

  override claims(token: ClaimsRequest): Promise<JsonRecord | void> | JsonRecord | void {
    return this.more(token);
  }

  reset(): void {
    this.veto = () => undefined;
    this.more = () => undefined;
    this.asked.length = 0;
  }
}

/** The warnings of an application, to be given as `logger`. */
export class Warnings {
  readonly lines: string[] = [];
  log(): void {}
  error(): void {}
  warn(...parts: unknown[]): void {
    this.lines.push(String(parts[0]));
  }

  taken(): string[] {
    return this.lines.splice(0);
  }
}

export function startTokens(setup: AppSetup = {}): Promise<TestApp> {
  return startApp({
    controllers: [TokenRoutes],
    ...setup,
    auth: { ...setup.auth, tokens: { scopes: SCOPES, ...setup.auth?.tokens } },
    override: (builder) => {
      builder.overrideProvider(AuthHooks).useClass(ToldTokenHooks);
      return setup.override?.(builder) ?? builder;
    },
  });
}

export interface FamilyLab {
  /** Started anew for each `describe`. */
  readonly app: TestApp;
  readonly clock: TestClock;
  readonly warnings: Warnings;
}

/** For the `describe` around: an application whose warnings are kept, and whose hooks each test finds as they were. */
export function familyLab(stack: Stack): FamilyLab {
  let app: TestApp | undefined;
  const clock = new TestClock();
  const warnings = new Warnings();
  beforeAll(async () => {
    app = await startTokens({ ...stack, clock, logger: warnings, auth: { rateLimits: { multiplier: 1_000 } } });
  });
  afterAll(() => app?.close());
  beforeEach(() => {
    hooksOf(app!).reset();
    warnings.taken();
  });
  return {
    get app() {
      return app!;
    },
    clock,
    warnings,
  };
}

export const hooksOf = (app: TestApp): ToldTokenHooks => app.get(AuthHooks) as ToldTokenHooks;

export interface TokenSet {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly device_token?: string;
}

/** The password grant of a client without a cookie jar. */
export async function tokensOf(app: TestApp, { email }: Person, more: object = {}): Promise<TokenSet> {
  const { status, body, text } = await askToken(app, {
    grant_type: 'password',
    username: email,
    password: PASSWORD,
    ...more,
  });
  if (status !== 200) throw new Error(`The password grant was answered ${status}: ${text}`);
  return body as TokenSet;
}

export interface Family {
  readonly person: Person;
  readonly first: TokenSet;
}

/** A new account with tokens. */
export async function newFamily(app: TestApp, roles: readonly string[] = [], more: object = {}): Promise<Family> {
  const person = await newPerson(app, roles);
  return { person, first: await tokensOf(app, person, more) };
}

export const askToken = (app: TestApp, body: object): Promise<Answer> => app.client().post('/auth/token', body);

export const refresh = (app: TestApp, refresh_token: string, more: object = {}): Promise<Answer> =>
  app.client().post('/auth/token/refresh', { refresh_token, ...more });

/** The tokens of a refresh that is expected to succeed. */
export async function refreshed(app: TestApp, { refresh_token }: TokenSet, more: object = {}): Promise<TokenSet> {
  const { status, body, text } = await refresh(app, refresh_token, more);
  if (status !== 200) throw new Error(`The refresh was answered ${status}: ${text}`);
  return body as TokenSet;
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

export function asBearer(
  app: TestApp,
  token: string,
  path = '/whoami',
  method = 'GET',
  body?: object,
): Promise<Answer> {
  return new Client(app.url).call(method, path, { headers: bearer(token), body });
}

export async function usable(app: TestApp, { access_token }: TokenSet): Promise<boolean> {
  return (await asBearer(app, access_token)).status === 200;
}

/** The row of the one session that this person has. */
export function rowOf(app: TestApp, { userId }: Person): Promise<LoginSession> {
  return app.dataSource.getRepository(LoginSession).findOneByOrFail({ userId });
}

/** Writes columns of that row behind everybody's back, as a restored database would. */
export async function setRow(app: TestApp, { userId }: Person, columns: Partial<LoginSession>): Promise<void> {
  await app.dataSource.getRepository(LoginSession).update({ userId }, columns);
}

/** What an access token says, read as anybody can. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as Record<string, unknown>;
}

export const generationOf = (token: string): number => Number(token.split('.')[2]);

export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

/** The error of an answer, as an OAuth client and as one of ours reads it. */
export const problemOf = ({ status, body }: Answer): string => `${status} ${body.error} ${body.code}`;

export const INVALID = '401 invalid_grant INVALID_REFRESH_TOKEN';
export const REUSED = '401 invalid_grant REFRESH_TOKEN_REUSED';
