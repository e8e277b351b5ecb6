import { Inject, Injectable, type ExecutionContext, type OnModuleInit, type Type } from '@nestjs/common';
import { MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { marksOfMethod } from './access-mark.js';
import type { CompiledRule } from './compiled-rule.js';
import { handlerKind, httpRoute, type HandlerKind, type HttpRoute } from './handler-kinds.js';
import { RuleCompiler } from './rule-compiler.js';

/** One handler of the application and what its rules come to. */
export interface RouteEntry {
  readonly module: Type;
  readonly controller: Type;
  readonly handler: string;
  readonly kind: HandlerKind;
  readonly rule: CompiledRule;
  /** Whether it belongs to Gatehouse. */
  readonly own: boolean;
  /** For `kind: 'http'`. */
  readonly route: HttpRoute | undefined;
}

export interface PublicRoute {
  readonly controller: string;
  readonly handler: string;
  readonly path?: string;
}

/** By handler function. Weak, because other libraries may make a function for each call. */
type RuleTable = WeakMap<object, CompiledRule>;

/**
 * The one table of rules: made at start from every controller, resolver and gateway, and read by the guard, the checklist
 * and the API docs. Refuses to start when a rule cannot be, with all such rules at once.
 */
@Injectable()
export class RouteRules implements OnModuleInit {
  private readonly scanner = new MetadataScanner();
  private readonly tables = new WeakMap<object, RuleTable>();
  private table: readonly RouteEntry[] | undefined;

  constructor(
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
  ) {}

  onModuleInit(): void {
    this.entries();
  }

  /** The rule of the handler behind a context: two map look-ups. A class not seen before is compiled now. */
  of(context: ExecutionContext): CompiledRule {
    const type = context.getClass();
    const known = this.tables.get(type)?.get(context.getHandler());
    return known ?? this.late(type, context.getHandler());
  }

  /** Every handler of the application. */
  entries(): readonly RouteEntry[] {
    return (this.table ??= this.compileAll());
  }

  /** Handlers of the application, not ours, that anybody may call. */
  publicRoutes(): readonly PublicRoute[] {
    return this.entries()
      .filter(({ own, kind, rule }) => !own && kind !== 'graphql-field' && isOpen(rule))
      .map(({ controller, handler, route }) => ({
        controller: controller.name,
        handler,
        ...(route?.paths[0] === undefined ? {} : { path: route.paths[0] }),
      }));
  }

  private compileAll(): readonly RouteEntry[] {
    const compiler = new RuleCompiler(this.structure, this.moduleRef);
    const entries = [...this.modules.values()].flatMap((module) => {
      const own = module.providers.has(RouteRules);
      // Of the hundreds of providers of this module none has a handler.
      const providers = own ? [] : module.providers.values();
      const wrappers = [...module.controllers.values(), ...providers];
      const types = new Set(wrappers.map((wrapper) => classOf(wrapper)).filter((type) => type !== undefined));
      return [...types].flatMap((type) =>
        this.compileClass(compiler, type, own).map((entry) => ({ ...entry, module: module.metatype, own })),
      );
    });
    if (compiler.problems.length > 0) throw new StartUpError('these access rules cannot be.', compiler.problems);
    return entries;
  }

  private compileClass(
    compiler: RuleCompiler,
    type: Type,
    own: boolean,
  ): readonly Omit<RouteEntry, 'module' | 'own'>[] {
    const prototype = type.prototype as Readonly<Record<string, unknown>>;
    const handlers = this.scanner.getAllMethodNames(prototype).flatMap((handler) => {
      const method = prototype[handler] as object;
      const kind = handlerKind(type, method);
      return kind === undefined ? [] : [{ handler, method, kind }];
    });
    if (handlers.length === 0) return [];
    compiler.checkClass(type);
    return handlers.map(({ handler, method, kind }) => {
      const rule = compiler.compile(type, handler, kind, own);
      this.remember(type, method, rule);
      return { controller: type, handler, kind, rule, route: kind === 'http' ? httpRoute(type, method) : undefined };
    });
  }

  /** Handlers of other transports, and of modules loaded after the start. */
  private late(type: Type, method: { readonly name: string }): CompiledRule {
    const prototype = type.prototype as Readonly<Record<string, unknown>>;
    const names = this.scanner.getAllMethodNames(prototype);
    const name =
      names.find((candidate) => prototype[candidate] === method) ?? names.find((known) => known === method.name);
    if (name === undefined && names.some((known) => marksOfMethod(prototype, known).length > 0)) {
      throw new Error(
        `A handler of ${type.name} cannot be told apart from its other methods, so its rules are not known.`,
      );
    }
    const compiler = new RuleCompiler(this.structure, this.moduleRef);
    compiler.checkClass(type);
    const rule = compiler.compile(type, name ?? method.name, undefined);
    if (compiler.problems.length > 0) throw new StartUpError('these access rules cannot be.', compiler.problems);
    return this.remember(type, method, rule);
  }

  private remember(type: Type, method: object, rule: CompiledRule): CompiledRule {
    const table = this.tables.get(type) ?? new WeakMap<object, CompiledRule>();
    this.tables.set(type, table.set(method, rule));
    return rule;
  }
}

/** Whether the handler answers without looking at any credential. */
export function isOpen({ mode }: CompiledRule): boolean {
  return mode === 'public' || mode === 'unmarked';
}

/** Classes alone: what a factory makes is compiled when it is first called. */
function classOf({ metatype }: { readonly metatype: unknown }): Type | undefined {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object' ? (metatype as Type) : undefined;
}
