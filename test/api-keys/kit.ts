import { Controller, Get, Post } from '@nestjs/common';
import { Accounts, Auth, CurrentPrincipal, OptionalAuth, Principal, type AuthOptions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { PASSWORD, startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

@Controller()
export class WorkshopController {
  @Get('work')
  @Auth()
  work(@CurrentPrincipal() { userId, via, sessionId, roles, permissions, scopes, methods }: Principal): object {
    return { userId, via, sessionId, roles, permissions, scopes: scopes ?? null, methods };
  }

  @Get('read')
  @Auth({ scopes: ['notes:read'] })
  read(): object {
    return {};
  }

  @Get('write')
  @Auth({ scopes: ['notes:write'] })
  write(): object {
    return {};
  }

  @Get('clerks')
  @Auth({ roles: ['clerk'] })
  clerks(): object {
    return {};
  }

  @Get('fresh')
  @Auth({ fresh: true })
  fresh(): object {
    return {};
  }

  @Get('people')
  @Auth({ via: ['session', 'bearer'] })
  people(): object {
    return {};
  }

  @Get('machines')
  @Auth({ via: 'api-key' })
  machines(): object {
    return {};
  }

  @Get('maybe')
  @OptionalAuth()
  maybe(@CurrentPrincipal() who: Principal | undefined): object {
    return { via: who?.via ?? 'nobody' };
  }

  @Post('work')
  @Auth()
  change(): object {
    return {};
  }
}

export const SCOPES = {
  account: 'everyone',
  'notes:read': 'everyone',
  'notes:write': ['clerk'],
  'token:introspect': ['clerk'],
} as const;

export interface Workshop extends TestApp {
  readonly clock: TestClock;
}

export async function startWorkshop(
  { auth, clock = new TestClock(), ...setup }: AppSetup & { readonly clock?: TestClock } = {},
  more: Partial<AuthOptions<User>> = {},
): Promise<Workshop> {
  const app = await startApp({
    ...setup,
    clock,
    controllers: [WorkshopController],
    auth: {
      rateLimits: { multiplier: 1_000 },
      tokens: { scopes: SCOPES },
      roles: { grants: { clerk: ['notes:write'] } },
      ...auth,
      ...more,
    },
  });
  return { ...app, clock };
}

export interface Owner {
  readonly userId: string;
  readonly email: string;
  readonly browser: Client;
}

let people = 0;

export async function newOwner(app: TestApp, roles: readonly string[] = []): Promise<Owner> {
  people += 1;
  const email = `owner${people}@example.com`;
  const user = await app.get(Accounts).create({ email, password: PASSWORD, roles, emailVerified: true });
  const browser = app.client();
  await expectStatus(browser.signIn(email), 200);
  return { userId: user!.id, email, browser };
}

export interface MadeKey {
  readonly id: string;
  readonly key: string;
}

export async function makeKey({ browser }: Pick<Owner, 'browser'>, body: object = {}): Promise<MadeKey> {
  return (await expectStatus(browser.post('/auth/api-keys', { name: 'Robot', ...body }), 201)).body as MadeKey;
}

export const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
export const header = (key: string) => ({ headers: { 'x-api-key': key } });

export async function expectStatus(asked: Promise<Answer>, status: number): Promise<Answer> {
  const answer = await asked;
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`);
  return answer;
}

export const codeOf = ({ status, body }: Answer): string => `${status} ${body?.code ?? ''}`.trim();
