import { Injectable, Logger } from '@nestjs/common';
import type { AuthEvent } from './auth-event.js';
import type { AuthEventType } from './event-catalogue.js';

export type AuthEventListener = (event: AuthEvent) => void | Promise<void>;

/**
 * Events of the audit trail for the application's own code, after the change they record has been committed. Nobody waits
 * for a listener: one that throws, rejects or never ends changes no answer and is logged.
 *
 * @example
 * const end = events.on('sign_in.locked', (event) => alert(event.subjectId));
 */
@Injectable()
export class AuthEvents {
  private readonly logger = new Logger('Gatehouse');
  private readonly listeners = new Map<AuthEventType | '*', Set<AuthEventListener>>();

  /** Calls the listener for each event of the type, or for all with `'*'`. Returns what ends that. */
  on(type: AuthEventType | '*', listener: AuthEventListener): () => void {
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** @internal */
  emit(event: AuthEvent): void {
    // A copy: a listener may end itself or begin others.
    const told = (['*', event.type] as const).flatMap((type) => [...(this.listeners.get(type) ?? [])]);
    for (const listener of told) void this.call(listener, event);
  }

  private async call(listener: AuthEventListener, event: AuthEvent): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      this.logger.error(`A listener of ${event.type} has failed`, error instanceof Error ? error.stack : undefined);
    }
  }
}
