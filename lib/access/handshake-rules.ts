import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import type { CompiledRule } from './compiled-rule.js';
import type { HandlerKind } from './handler-kinds.js';
import { RouteRules } from './route-rules.js';
import { RuleCompiler } from './rule-compiler.js';

export interface HandshakeRule {
  /**
   * `required` refuses whoever is not signed in, `optional` a wrong credential. `known` finds out whom to disconnect later
   * and refuses only a credential that nobody can judge at the moment. `open` looks at nothing.
   */
  readonly mode: 'required' | 'optional' | 'known' | 'open';
  /** One for each gateway that asks for something: all of them see every socket of their server. */
  readonly parts: readonly { readonly gateway: Type; readonly rule: CompiledRule }[];
  /** Whether anything behind it is open to who still has to set up a second factor: each message is judged again. */
  readonly duringEnrolment: boolean;
}

/** A method that Nest calls without a guard: `@Public()` on it leaves the handshake of a guarded class open. */
const HOOK = 'handleConnection';

/** What opening a socket asks for: what stands on the gateway class, or, where nothing does, what all its messages ask. */
@Injectable()
export class HandshakeRules {
  constructor(
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
    private readonly moduleRef: ModuleRef,
    private readonly routes: RouteRules,
  ) {}

  /** With what is wrong with the class rules, for whoever stops the start. */
  ofGateways(gateways: readonly Type[]): HandshakeRule & { readonly problems: readonly string[] } {
    const compiler = new RuleCompiler(this.structure, this.moduleRef);
    const rules = gateways.map((gateway) => ({ gateway, ...this.ofGateway(compiler, gateway) }));
    const parts = rules.filter(({ mode }) => mode === 'required').map(({ gateway, rule }) => ({ gateway, rule }));
    const mode = strictest(rules.map((each) => each.mode));
    const duringEnrolment = gateways.some((gateway) => this.opensDuringEnrolment('ws', gateway));
    return { mode, parts, duringEnrolment, problems: compiler.problems };
  }

  /** A connection of `graphql-ws` serves every resolver, so it asks for what all of them ask. */
  ofGraphql(): HandshakeRule {
    const modes = this.modesOf('graphql');
    const mode = modes.every((each) => each === 'required') ? 'required' : 'optional';
    return { mode, parts: [], duringEnrolment: this.opensDuringEnrolment('graphql') };
  }

  private ofGateway(compiler: RuleCompiler, gateway: Type): { mode: HandshakeRule['mode']; rule: CompiledRule } {
    const rule = compiler.compile(gateway, HOOK, undefined);
    const marked = compiler.markedMode(gateway, HOOK);
    if (marked === 'required' || marked === 'optional') return { mode: marked, rule };
    const messages = this.modesOf('ws', gateway);
    if (marked === undefined && compiler.defaultMode(gateway) === 'required') {
      return { mode: messages.every((mode) => mode === 'required') ? 'required' : 'optional', rule };
    }
    return { mode: messages.every((mode) => mode === 'public' || mode === 'unmarked') ? 'open' : 'known', rule };
  }

  private modesOf(kind: HandlerKind, type?: Type): readonly CompiledRule['mode'][] {
    return this.rulesOf(kind, type).map(({ mode }) => mode);
  }

  private opensDuringEnrolment(kind: HandlerKind, type?: Type): boolean {
    return this.rulesOf(kind, type).some(({ duringEnrolment }) => duringEnrolment);
  }

  private rulesOf(kind: HandlerKind, type?: Type): readonly CompiledRule[] {
    return this.routes
      .entries()
      .filter((entry) => entry.kind === kind && (type === undefined || entry.controller === type))
      .map(({ rule }) => rule);
  }
}

function strictest(modes: readonly HandshakeRule['mode'][]): HandshakeRule['mode'] {
  return (['required', 'optional', 'known'] as const).find((mode) => modes.includes(mode)) ?? 'open';
}
