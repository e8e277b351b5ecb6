import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { StateStore } from './state-store.js';

/** Closes the state store after the last request: in-flight ones still need it while modules are being destroyed. */
@Injectable()
export class StoreLifecycle implements OnApplicationShutdown {
  private closing: Promise<void> | undefined;

  constructor(private readonly store: StateStore) {}

  /** Once, however often it is called. */
  close(): Promise<void> {
    return (this.closing ??= this.store.close());
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
