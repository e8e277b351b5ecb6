import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { AccessChecks } from './access.checks.js';
import { Public } from './auth.decorators.js';
import { RouteRules } from './route-rules.js';

@Controller()
class Shop {
  @Get('open') @Public() open() {}
  @Get('closed') closed() {}
}
@Controller()
class Closed {
  @Get() all() {}
}

async function outcome(id: string, controller: new () => object, structure: Partial<AuthStructure> = {}) {
  @Module({ controllers: [controller] })
  class Host {}
  const providers = [AccessChecks, RouteRules, { provide: AUTH_STRUCTURE, useValue: structure }];
  const moduleRef = await Test.createTestingModule({ imports: [Host], providers }).compile();
  return moduleRef
    .get(AccessChecks)
    .checks()
    .find((check) => check.id === id)!
    .run();
}

describe('access.public-routes', () => {
  it('lists what anybody may call', async () => {
    expect(await outcome('access.public-routes', Shop)).toMatchObject({
      status: 'finding',
      evidence: { count: 1, routes: ['Shop.open'] },
    });
  });

  it('is quiet when nothing is open', async () => {
    expect(await outcome('access.public-routes', Closed)).toEqual({ status: 'passed' });
  });
});

describe('access.protect-marked', () => {
  it("fires with protect: 'marked'", async () => {
    const marked = await outcome('access.protect-marked', Shop, { protect: 'marked' });
    expect(marked).toMatchObject({ status: 'finding', evidence: { open: 2 } });
  });

  it('is quiet by default', async () => {
    expect(await outcome('access.protect-marked', Shop)).toEqual({ status: 'passed' });
  });
});
