import { Injectable, Scope } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import type { AuthStructure } from './auth-options.js';
import { isStructureKey, structureProblems } from './structure.js';

class User {}
class Store {}

@Injectable({ scope: Scope.REQUEST })
class RequestScoped {}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {}

const problems = (structure: object) => structureProblems({ userEntity: User, ...structure });

describe('refused', () => {
  it.each<[string, object]>([
    ['userEntity', { userEntity: undefined }],
    ['userEntity', { userEntity: 'User' }],
    ['userEntity', { userEntity: () => User }],
    ['dataSource', { dataSource: 7 }],
    ['path', { path: 'auth' }],
    ['path', { path: '/' }],
    ['path', { path: '/auth/' }],
    ['path', { path: '/auth/:id' }],
    ['path', { path: '/auth/*' }],
    ['path', { path: '/../auth' }],
    ['protect', { protect: 'some' }],
    ['publicControllers', { publicControllers: [7] }],
    ['publicControllers', { publicControllers: [''] }],
    ['imports', { imports: ['module'] }],
    ['overrides', { overrides: {} }],
    ['overrides', { overrides: [{ useClass: Store }] }],
    ['overrides', { overrides: [{ provide: Store }] }],
    ['overrides', { overrides: [RequestScoped] }],
    ['overrides', { overrides: [Transient] }],
    ['overrides', { overrides: [{ provide: Store, useClass: RequestScoped }] }],
    ['overrides', { overrides: [{ provide: Store, useClass: Store, scope: Scope.REQUEST }] }],
    ['overrides', { overrides: [{ provide: Store, useFactory: () => 1, scope: Scope.TRANSIENT }] }],
    ['context', { context: 1 }],
    ['protct', { protct: 'all' }],
  ])('%s %o', (key, structure) => {
    expect(problems(structure).map((line) => line.split(': ')[0])).toEqual([key]);
  });

  it('all at once', () => {
    const structure = { userEntity: User, path: 'x', protect: 'y' } as unknown as AuthStructure;
    expect(problems(structure).map((line) => line.split(': ')[0])).toEqual(['path', 'protect']);
  });
});

it('accepts what is meant', () => {
  const structure: AuthStructure = {
    userEntity: User,
    dataSource: 'main',
    path: '/api/v1/auth',
    protect: 'marked',
    publicControllers: [Store, 'HealthController'],
    imports: [Store, { module: Store }, Promise.resolve({ module: Store })],
    overrides: [
      Store,
      { provide: Store, useClass: Store },
      { provide: Store, useValue: null },
      { provide: 'token', useFactory: () => 1, scope: Scope.DEFAULT },
      { provide: 'alias', useExisting: Store },
    ],
    context: true,
  };
  expect(structureProblems(structure)).toEqual([]);
  expect(structureProblems({ userEntity: User })).toEqual([]);
});

it('knows its keys', () => {
  expect(['userEntity', 'overrides', 'secret', 'constructor'].map(isStructureKey)).toEqual([true, true, false, false]);
});
