import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { AuthEvent } from './auth-event.js';
import { AuthEvents } from './auth-events.js';

type HostListener = (...args: unknown[]) => unknown;

/** What is used of an `EventEmitter2`. */
interface HostEmitter {
  listeners(type: string): readonly HostListener[];
  /** Those of `onAny`. */
  listenersAny(): readonly HostListener[];
}

/** The class is called otherwise inside its package. */
const TOKENS: readonly unknown[] = ['EventEmitter2', 'EventEmitter'];

/**
 * Emits every event as `auth.<type>` on the application's `EventEmitter2`, where it has one, such as that of
 * `EventEmitterModule.forRoot()`. It is found by the name of its token: the package need not be installed.
 */
@Injectable()
export class HostEventBridge implements OnApplicationBootstrap {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly modules: ModulesContainer,
    private readonly events: AuthEvents,
  ) {}

  onApplicationBootstrap(): void {
    const emitter = this.findEmitter();
    if (emitter !== undefined) this.events.on('*', (event) => this.emit(emitter, event));
  }

  private findEmitter(): HostEmitter | undefined {
    for (const { providers } of this.modules.values()) {
      for (const [token, { instance }] of providers) {
        if (TOKENS.includes(nameOf(token)) && isEmitter(instance)) return instance;
      }
    }
    return undefined;
  }

  /**
   * Each listener by itself, instead of `emit`: that keeps the rest from hearing of it when one throws, and leaves the
   * rejection of one that is `async` to end the process.
   */
  private emit(emitter: HostEmitter, event: AuthEvent): void {
    const name = `auth.${event.type}`;
    for (const listener of [...emitter.listenersAny()]) {
      void this.call(name, () => listener.call(emitter, name, event));
    }
    for (const listener of [...emitter.listeners(name)]) void this.call(name, () => listener.call(emitter, event));
  }

  private async call(name: string, listener: () => unknown): Promise<void> {
    try {
      await listener();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined;
      this.logger.error(`A listener of ${name} on the application's EventEmitter2 has failed`, stack);
    }
  }
}

function nameOf(token: unknown): unknown {
  return typeof token === 'function' ? token.name : token;
}

function isEmitter(instance: unknown): instance is HostEmitter {
  const { listeners, listenersAny } = (instance ?? {}) as Partial<HostEmitter>;
  return typeof listeners === 'function' && typeof listenersAny === 'function';
}
