import {
  Inject,
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AuthContextMiddleware } from './access/auth-context.middleware.js';
import { assemble } from './assemble.js';
import { StartUpChecklist } from './checklist/start-up.js';
import { StartUpError } from './errors/start-up-error.js';
import { JwksRoute } from './http/jwks.route.js';
import type { AuthAsyncOptions, AuthOptions, AuthStructure, AuthValuesFactory } from './options/auth-options.js';
import { isStructureKey } from './options/structure.js';
import { StoreLifecycle } from './store/store-lifecycle.js';
import { AUTH_STRUCTURE, AUTH_VALUES } from './options/tokens.js';

/**
 * Authentication for a Nest application. Import it once, into the root module; it is global.
 *
 * @example
 * AuthModule.forRoot({ userEntity: User, secret: process.env.AUTH_SECRET, baseUrl: 'https://api.example.com' })
 */
@Module({})
export class AuthModule implements NestModule, OnModuleInit {
  constructor(
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
    private readonly checklist: StartUpChecklist,
    private readonly store: StoreLifecycle,
    private readonly jwks: JwksRoute,
    private readonly modules: ModulesContainer,
  ) {
    refuseSecond(modules);
  }

  /**
   * The module with options that are known when it is written.
   *
   * @throws StartUpError while the application starts: invalid options, impossible rules, or, in production, what the
   * checklist refuses; each time with everything at once.
   */
  static forRoot<User extends object>(options: AuthOptions<User>): DynamicModule {
    const entries = Object.entries(options);
    const structure = Object.fromEntries(entries.filter(([key]) => isStructureKey(key))) as unknown as AuthStructure;
    const values: unknown = Object.fromEntries(entries.filter(([key]) => !isStructureKey(key)));
    return assemble(AuthModule, structure, { provide: AUTH_VALUES, useValue: values });
  }

  /**
   * The module with values from `useFactory` or `useExisting`. What shapes the module (`userEntity`, `path`, `protect`,
   * `imports`, `overrides` and the like) is given here all the same.
   *
   * @throws StartUpError as `forRoot`
   */
  static forRootAsync<User extends object>(options: AuthAsyncOptions<User>): DynamicModule {
    const { useFactory, inject, useExisting, ...structure } = options;
    return assemble(AuthModule, structure, valuesProvider({ useFactory, inject, useExisting }));
  }

  configure(consumer: MiddlewareConsumer): void {
    this.jwks.register();
    if (this.structure.context === true) consumer.apply(AuthContextMiddleware).forRoutes('{*path}');
  }

  /** After the providers of this module are ready, before the modules of the application begin their work. */
  async onModuleInit(): Promise<void> {
    try {
      refusePerRequest(this.modules, this.structure);
      await this.checklist.run();
    } catch (error) {
      // Nest closes nothing when a start fails, and an open connection would keep the process alive.
      await this.store.close();
      throw error;
    }
  }
}

function valuesProvider({
  useFactory,
  inject = [],
  useExisting,
}: Pick<AuthAsyncOptions, 'useFactory' | 'inject' | 'useExisting'>): Provider {
  if (useFactory !== undefined && useExisting !== undefined) {
    throw new StartUpError('the options are not valid.', ['forRootAsync: give useFactory or useExisting, not both.']);
  }
  if (useFactory !== undefined) return { provide: AUTH_VALUES, useFactory, inject: [...inject] };
  if (useExisting === undefined) {
    throw new StartUpError('the options are not valid.', ['forRootAsync: give useFactory or useExisting.']);
  }
  return {
    provide: AUTH_VALUES,
    useFactory: (factory: AuthValuesFactory) => factory.createAuthOptions(),
    inject: [useExisting],
  };
}

/** Two would silently turn the endpoints of the first into 404s. */
function refuseSecond(modules: ModulesContainer): void {
  const paths = [...modules.values()]
    .filter(({ metatype }) => metatype === AuthModule)
    .map(({ providers }) => (providers.get(AUTH_STRUCTURE)?.instance as AuthStructure | undefined)?.path ?? '/auth');
  if (paths.length < 2) return;
  throw new StartUpError('AuthModule is imported more than once.', [
    `forRoot or forRootAsync was called for the paths ${paths.join(' and ')}: keep one and import it into the root module only.`,
  ]);
}

/** An override that says nothing of a scope is made for each request all the same when something it injects is. */
function refusePerRequest(modules: ModulesContainer, { overrides = [] }: AuthStructure): void {
  const own = [...modules.values()].find(({ providers }) => providers.has(AUTH_STRUCTURE));
  const tokens = new Set(overrides.map((override) => ('provide' in override ? override.provide : override)));
  const problems = [...tokens]
    .filter((token) => own?.providers.get(token)?.isDependencyTreeStatic() === false)
    .map((token) => (typeof token === 'function' ? token.name : String(token)))
    .map((name) => `overrides: what ${name} injects is request-scoped: one instance serves the whole application.`);
  if (problems.length > 0) throw new StartUpError('the options are not valid.', problems);
}
