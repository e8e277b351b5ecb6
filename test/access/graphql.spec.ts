import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { Args, GraphQLModule, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Auth, OptionalAuth, Public } from '../../lib/access/auth.decorators.js';
import { AuthContext } from '../../lib/access/auth-context.js';
import { AuthContextMiddleware } from '../../lib/access/auth-context.middleware.js';
import { CurrentPrincipal, CurrentUser } from '../../lib/access/principal.decorators.js';
import type { Principal } from '../../lib/common/principal.js';
import { AuthError } from '../../lib/errors/auth-error.js';
import { AccessModule, ORIGIN, principal, signedIn, startApp, User, type RunningApp } from './support.js';

@Resolver('Note')
class NotesResolver {
  @Query('who') who(@CurrentPrincipal() who: Principal): string {
    return who.userId;
  }
  @Query('user') user(@CurrentUser() user: User): string {
    return user.id;
  }
  @Query('open') @Public() open(@CurrentPrincipal() who?: Principal): string {
    return who?.userId ?? 'nobody';
  }
  @Query('maybe') @OptionalAuth() maybe(@CurrentPrincipal() who?: Principal): string {
    return who?.userId ?? 'nobody';
  }
  @Query('admin') @Auth({ roles: ['admin'] }) admin(): string {
    return 'in';
  }
  @Query('fresh') @Auth({ fresh: true }) fresh(): string {
    return 'in';
  }
  @Query('safe') @Auth({ methods: ['otp'] }) safe(): string {
    return 'in';
  }
  @Query('note') @Public() note(): { id: string } {
    return { id: '1' };
  }
  @Mutation('write') write(@CurrentPrincipal() who: Principal, @Args('text') text: string): string {
    return `${who.userId}: ${text}`;
  }
  @ResolveField('secret') @Auth({ roles: ['admin'] }) secret(@Parent() note: { id: string }): string {
    return `secret of ${note.id}`;
  }
}

const typeDefs = `
  type Note { id: String, secret: String }
  type Query { who: String, user: String, open: String, maybe: String, admin: String, fresh: String, safe: String, note: Note }
  type Mutation { write(text: String!): String }
`;

function hostModule(fieldResolverEnhancers: 'guards'[]) {
  @Module({
    imports: [
      AccessModule.with(),
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        typeDefs,
        fieldResolverEnhancers,
        graphiql: false,
      }),
    ],
    providers: [NotesResolver],
  })
  class Host {}
  return Host;
}

describe('access in GraphQL', () => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp(hostModule(['guards']));
  });
  afterAll(() => running.app.close());
  beforeEach(() => {
    running.sessions.live.clear();
    running.sessions.live.set('u1', principal());
    running.sessions.dead.add('dead');
    running.sessions.reads = 0;
  });

  async function query(text: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${running.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: text }),
    });
    return (await response.json()) as {
      data?: any;
      errors?: { message: string; extensions: Record<string, unknown> }[];
    };
  }
  const mine = () => signedIn(running, 'u1');

  it('knows the principal and the user, and reads the credential once for all resolvers', async () => {
    const { data, errors } = await query('{ who user open maybe }', mine());
    expect(errors).toBeUndefined();
    expect(data).toEqual({ who: 'u1', user: 'u1', open: 'nobody', maybe: 'u1' });
    expect(running.sessions.reads).toBe(1);
  });

  it('refuses in the shape of GraphQL, each resolver for itself', async () => {
    const { data, errors } = await query('{ who open maybe }');
    expect(data).toEqual({ who: null, open: 'nobody', maybe: 'nobody' });
    expect(errors).toHaveLength(1);
    expect(errors![0]).toMatchObject({
      message: 'Sign in to continue.',
      extensions: { code: 'NOT_AUTHENTICATED', statusCode: 401 },
    });
  });

  it('carries 403 and its details', async () => {
    running.sessions.live.set('u1', principal({ freshUntil: 0 }));
    const { errors } = await query('{ admin fresh }', mine());
    expect(errors!.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'FORBIDDEN', statusCode: 403 },
      { code: 'REAUTHENTICATION_REQUIRED', statusCode: 403, details: { methods: ['password'] } },
    ]);
  });

  it('asks for what a session has proven', async () => {
    running.sessions.live.set('u1', principal({ methods: ['pwd'] }));
    const { errors } = await query('{ safe }', mine());
    expect(errors![0]!.extensions).toMatchObject({ code: 'ENROLMENT_REQUIRED', statusCode: 403 });
    running.sessions.live.set('u1', principal({ methods: ['pwd', 'otp', 'mfa'] }));
    expect((await query('{ safe }', mine())).data).toEqual({ safe: 'in' });
  });

  it('asks a cookie for the CSRF token, since the request is a POST', async () => {
    const wrong: Record<string, string>[] = [{}, { origin: ORIGIN }, { ...mine(), origin: 'https://evil.example' }];
    for (const headers of wrong) {
      const { data, errors } = await query('mutation { write(text: "x") }', { cookie: 'sid=u1', ...headers });
      expect([data?.write, errors![0]!.extensions['code']]).toEqual([null, 'CSRF_FAILED']);
    }
    expect((await query('mutation { write(text: "x") }', mine())).data).toEqual({ write: 'u1: x' });
  });

  it('refuses a header credential and a dead session', async () => {
    const bearer = await query('{ maybe }', { ...mine(), authorization: 'Bearer x' });
    expect(bearer.errors![0]!.extensions).toMatchObject({ code: 'INVALID_ACCESS_TOKEN', statusCode: 401 });
    const dead = await query('{ who maybe }', { cookie: 'sid=dead' });
    expect(dead.data).toEqual({ who: null, maybe: 'nobody' });
  });

  it('guards field resolvers', async () => {
    expect((await query('{ note { id secret } }', mine())).errors![0]!.extensions['code']).toBe('FORBIDDEN');
    running.sessions.live.set('u1', principal({ roles: ['admin'] }));
    expect((await query('{ note { id secret } }', mine())).data.note.secret).toBe('secret of 1');
  });
});

@Resolver()
class ContextResolver {
  constructor(private readonly context: AuthContext) {}

  @Query('open') @Public() open(): Promise<string> {
    return this.now();
  }
  @Query('must') @Public() async must(): Promise<string> {
    return (await this.context.require()).userId;
  }
  @Query('who') @OptionalAuth() who(): Promise<string> {
    return this.now();
  }

  private async now(): Promise<string> {
    return (await this.context.principal())?.userId ?? 'nobody';
  }
}

function contextHost(protect: 'all' | 'marked') {
  @Module({
    imports: [
      AccessModule.with({ structure: { context: true, protect } }),
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        typeDefs: 'type Query { open: String, must: String, who: String }',
        graphiql: false,
      }),
    ],
    providers: [ContextResolver],
  })
  class Host implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(AuthContextMiddleware).forRoutes('{*path}');
    }
  }
  return Host;
}

describe.each(['all', 'marked'] as const)('AuthContext in GraphQL with protect: %s', (protect) => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp(contextHost(protect));
    running.sessions.live.set('u1', principal());
  });
  afterAll(() => running.app.close());
  beforeEach(() => (running.sessions.failure = undefined));

  async function ask(query: string, headers: Record<string, string> = {}) {
    const sent = { 'content-type': 'application/json', ...headers };
    const body = JSON.stringify({ query });
    const response = await fetch(`${running.url}/graphql`, { method: 'POST', headers: sent, body });
    return (await response.json()) as { data: any; errors?: { message: string; extensions: { code: string } }[] };
  }

  it('is whoever the request is from, on public fields too', async () => {
    expect(await ask('{ open who must }', signedIn(running, 'u1'))).toEqual({
      data: { open: 'u1', who: 'u1', must: 'u1' },
    });
    expect((await ask('{ open who }')).data).toEqual({ open: 'nobody', who: 'nobody' });
  });

  it('is nobody, and no refusal, for a credential that is refused', async () => {
    const forged = { ...signedIn(running, 'u1'), 'x-csrf-token': 'x' };
    const refused: Record<string, string>[] = [{ authorization: 'Bearer x' }, { 'x-api-key': 'x' }, forged];
    for (const headers of refused) {
      expect(await ask('{ open }', headers)).toEqual({ data: { open: 'nobody' } });
    }
  });

  it('tells why, where somebody is required', async () => {
    for (const [headers, message] of [
      [{}, 'Sign in to continue.'],
      [{ authorization: 'Bearer x' }, 'The access token is not valid.'],
    ] as const) {
      const { data, errors } = await ask('{ must }', { ...headers });
      expect([data.must, errors![0]!.message]).toEqual([null, message]);
    }
  });

  it('is an error when nobody can say', async () => {
    running.sessions.failure = new AuthError('STORE_UNAVAILABLE');
    const { data, errors } = await ask('{ open }', signedIn(running, 'u1'));
    expect(data.open).toBeNull();
    expect(errors).toHaveLength(1);
  });
});

describe('@Auth() on a field resolver where GraphQL runs no guards on fields', () => {
  it('refuses to start', async () => {
    await expect(startApp(hostModule([]))).rejects.toThrow(/NotesResolver\.secret: .*fieldResolverEnhancers/);
  });
});
