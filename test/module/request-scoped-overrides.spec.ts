import { Inject, Injectable, Module, Scope, type Provider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { AuthHooks, AuthModule, Clock, StateStore, type AuthStructure } from '../../lib/index.js';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import { User } from '../support/app.js';
import { closeAfterEach, refusal, VALUES, type HostSetup } from './kit.js';

closeAfterEach();

function withAuth(structure: Partial<AuthStructure<User>>): HostSetup {
  return { imports: [AuthModule.forRoot<User>({ userEntity: User, ...VALUES, ...structure })] };
}

describe('an override for each request', () => {
  @Injectable({ scope: Scope.REQUEST })
  class RequestHooks extends AuthHooks {}

  @Injectable()
  class HooksOfRequest extends AuthHooks {
    constructor(@Inject(REQUEST) readonly request: unknown) {
      super();
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class Tenant {}

  @Module({ providers: [Tenant], exports: [Tenant] })
  class TenantModule {}

  it.each<[string, Provider]>([
    ['a class', { provide: AuthHooks, useClass: RequestHooks }],
    ['a scope beside a factory', { provide: Clock, useFactory: () => new TestClock(), scope: Scope.REQUEST }],
    ['a transient one', { provide: Clock, useFactory: () => new TestClock(), scope: Scope.TRANSIENT }],
  ])('is refused at start: %s', async (_, override) => {
    const said = await refusal(withAuth({ overrides: [override] }));
    expect(said).toMatch(/overrides: must not be request-scoped or transient/);
  });

  it.each<[string, Provider]>([
    ['AuthHooks that inject the request', { provide: AuthHooks, useClass: HooksOfRequest }],
    [
      'a clock that injects a provider of the request',
      { provide: Clock, useFactory: (_: Tenant) => new TestClock(), inject: [Tenant] },
    ],
    [
      'a store that injects a provider of the request',
      {
        provide: StateStore,
        useFactory: (_: Tenant, clock: Clock) => new MemoryStateStore(clock),
        inject: [Tenant, Clock],
      },
    ],
  ])('is refused also when only what it injects is one: %s', async (_, override) => {
    const said = await refusal(withAuth({ imports: [TenantModule], overrides: [override] }));
    expect(said).toMatch(/request-scoped/);
  });
});
