import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { AuthStructure } from '../options/auth-options.js';
import { marksOfClass, marksOfMethod, saysWho, type AccessMark } from './access-mark.js';
import type { AccessPolicy, PolicyFunction } from './access-policy.js';
import { combineRules, stanceOf, type AccessMode, type CompiledRule } from './compiled-rule.js';
import { UNGUARDED_GATEWAY_METHODS, type HandlerKind } from './handler-kinds.js';
import { markProblems, stanceProblems } from './rule-problems.js';

const GRAPHQL_OPTIONS = 'GqlModuleOptions';

/** Turns what stands on a class and a method into one rule, and collects what cannot be. */
export class RuleCompiler {
  readonly problems: string[] = [];
  private readonly seen = new Set<string>();

  constructor(
    private readonly structure: AuthStructure,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** Looks at what stands on the class and on methods that no guard ever sees. */
  checkClass(type: Type): void {
    chainOf(type).forEach((link) => this.complain(link.name, markProblems(marksOfClass(link))));
    for (const name of UNGUARDED_GATEWAY_METHODS) {
      if (marksOfMethod(type.prototype as object, name).some((mark) => mark.kind !== 'public')) {
        this.complain(`${type.name}.${name}`, [
          'Nest runs no guard here: remove the decorator and guard the messages.',
        ]);
      }
    }
  }

  /** @param own whether the handler belongs to Gatehouse. */
  compile(type: Type, name: string, kind: HandlerKind | undefined, own = false): CompiledRule {
    const where = `${type.name}.${name}`;
    const ownMarks = marksOfMethod(type.prototype as object, name);
    const stance = stanceOf(this.defaultMode(type), [...chainOf(type).map(marksOfClass), ownMarks]);
    const policies = stance.rules.flatMap(({ policy }) => {
      const asked = policy === undefined ? undefined : this.policyOf(where, policy);
      return asked === undefined ? [] : [asked];
    });
    const rule = combineRules(stance, policies, own);
    this.complain(where, [
      ...markProblems(ownMarks),
      ...stanceProblems(stance, rule),
      ...this.reach(kind, ownMarks, rule),
    ]);
    return rule;
  }

  /** What the marks of a handler say of it, without the rest of its rule. `undefined`: nothing stands anywhere. */
  markedMode(type: Type, name: string): AccessMode | undefined {
    const levels = [...chainOf(type).map(marksOfClass), marksOfMethod(type.prototype as object, name)];
    return levels.some((marks) => marks.some(saysWho)) ? stanceOf(this.defaultMode(type), levels).mode : undefined;
  }

  defaultMode(type: Type): AccessMode {
    const open = this.structure.publicControllers ?? [];
    if (open.some((entry) => entry === type || entry === type.name)) return 'public';
    return (this.structure.protect ?? 'all') === 'all' ? 'required' : 'unmarked';
  }

  /** A rule on a handler that no guard runs for would be an open door with a sign on it. */
  private reach(
    kind: HandlerKind | undefined,
    ownMarks: readonly AccessMark[],
    { mode, via }: CompiledRule,
  ): readonly string[] {
    if (kind === 'rpc' && (mode === 'required' || mode === 'optional')) return this.rpcProblems(via);
    if (kind === 'graphql-field' && ownMarks.some((mark) => mark.kind === 'auth') && !this.guardsFields()) {
      return ["guards run on field resolvers only with fieldResolverEnhancers: ['guards'] in GraphQLModule: add it."];
    }
    return [];
  }

  private rpcProblems(via: CompiledRule['via']): readonly string[] {
    if (this.structure.rpc === undefined) {
      return [
        'microservice handlers are guarded only with rpc: { accessToken } in AuthModule.forRoot(): add it, or mark the ' +
          'handler @Public() and check the sender yourself.',
      ];
    }
    if (via === undefined || via.length === 0 || via.includes('bearer')) return [];
    return ['microservice messages carry bearer tokens alone, so its "via" would refuse all of them.'];
  }

  private guardsFields(): boolean {
    try {
      const options = this.moduleRef.get<{ fieldResolverEnhancers?: readonly string[] }>(GRAPHQL_OPTIONS, {
        strict: false,
      });
      return options.fieldResolverEnhancers?.includes('guards') ?? false;
    } catch {
      return false;
    }
  }

  private policyOf(where: string, policy: Type<AccessPolicy> | PolicyFunction): PolicyFunction | undefined {
    if (typeof policy !== 'function') return undefined;
    if (!isPolicyClass(policy)) {
      if (!/^class\b/.test(Function.prototype.toString.call(policy))) return policy;
      this.complain(where, [`"policy" ${policy.name} is a class without allows(): extend AccessPolicy.`]);
      return undefined;
    }
    try {
      const instance = this.moduleRef.get<AccessPolicy>(policy, { strict: false });
      return (principal, context) => instance.allows(principal, context);
    } catch {
      this.complain(where, [
        `"policy" ${policy.name} cannot be had: list it among the providers of a module, and not request-scoped.`,
      ]);
      return undefined;
    }
  }

  /** Classes are met once for each handler that inherits from them; each problem is told once. */
  private complain(where: string, problems: readonly string[]): void {
    for (const problem of problems.map((text) => `${where}: ${text}`)) {
      if (this.seen.has(problem)) continue;
      this.seen.add(problem);
      this.problems.push(problem);
    }
  }
}

function isPolicyClass(policy: Type<AccessPolicy> | PolicyFunction): policy is Type<AccessPolicy> {
  return typeof (policy.prototype as Partial<AccessPolicy> | undefined)?.allows === 'function';
}

/** The class and those it extends, farthest first. */
function chainOf(type: Type): readonly Type[] {
  const chain: Type[] = [];
  for (
    let link: unknown = type;
    typeof link === 'function' && link !== Function.prototype;
    link = Object.getPrototypeOf(link)
  ) {
    chain.unshift(link as Type);
  }
  return chain;
}
