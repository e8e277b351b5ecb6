import { Inject, Injectable, UseGuards, type Type } from '@nestjs/common';
import { MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { AuthSeal } from './auth-seal.js';
import { handlerKind } from './handler-kinds.js';
import { RuleCompiler } from './rule-compiler.js';

const GUARDS = '__guards__';

/**
 * Seals microservice handlers that say nothing, as `@Auth()` does. A hybrid application that connects its microservice
 * without `inheritAppConfig: true` runs no guard of the application there: with the seal it refuses such messages instead
 * of answering them.
 *
 * Made with the other providers, and so before any microservice is connected.
 */
@Injectable()
export class RpcSeals {
  constructor(@Inject(AUTH_STRUCTURE) structure: AuthStructure, modules: ModulesContainer, moduleRef: ModuleRef) {
    const compiler = new RuleCompiler(structure, moduleRef);
    for (const module of modules.values()) {
      for (const { metatype } of module.controllers.values()) {
        if (typeof metatype === 'function') this.sealAll(metatype as Type, compiler);
      }
    }
  }

  private sealAll(type: Type, compiler: RuleCompiler): void {
    const prototype = type.prototype as Readonly<Record<string, unknown>>;
    for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
      const method = prototype[name] as object;
      if (handlerKind(type, method) !== 'rpc' || isSealed(method)) continue;
      const mode = compiler.markedMode(type, name) ?? compiler.defaultMode(type);
      if (mode === 'required' || mode === 'optional') {
        UseGuards(new AuthSeal())(prototype, name, { value: method } as PropertyDescriptor);
      }
    }
  }
}

function isSealed(method: object): boolean {
  const guards = (Reflect.getMetadata(GUARDS, method) ?? []) as readonly unknown[];
  return guards.some((guard) => guard instanceof AuthSeal);
}
