import type { ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';

/** Everything that an instance of the class is made with, and what that is made with. */
export class Reach {
  private readonly wrappers = new Map<unknown, InstanceWrapper>();
  private readonly known = new Map<unknown, ReadonlySet<unknown>>();

  constructor(modules: ModulesContainer) {
    for (const module of modules.values()) {
      for (const [token, wrapper] of [...module.providers, ...module.controllers]) this.wrappers.set(token, wrapper);
    }
  }

  of(token: unknown): ReadonlySet<unknown> {
    const done = this.known.get(token);
    if (done !== undefined) return done;
    const found = new Set<unknown>([token]);
    this.known.set(token, found);
    for (const next of this.needs(token)) for (const each of this.of(next)) found.add(each);
    return found;
  }

  /** Providers that are handed the class themselves. */
  holdersOf(type: unknown): readonly string[] {
    const holders = [...this.wrappers.keys()].filter((token) => this.needs(token).includes(type));
    return holders.map((token) => (token as { readonly name: string }).name).sort();
  }

  private needs(token: unknown): readonly unknown[] {
    const wrapper = this.wrappers.get(token);
    if (wrapper === undefined) return [];
    const { inject, metatype } = wrapper;
    if (inject) return inject.map((each) => (isOptional(each) ? each.token : each));
    if (typeof metatype !== 'function') return [];
    const types = (Reflect.getMetadata('design:paramtypes', metatype) ?? []) as unknown[];
    const given = (Reflect.getMetadata('self:paramtypes', metatype) ?? []) as { index: number; param: unknown }[];
    return types.map((type, index) => given.find((each) => each.index === index)?.param ?? type);
  }
}

function isOptional(each: unknown): each is { readonly token: unknown } {
  return typeof each === 'object' && each !== null && 'token' in each;
}
