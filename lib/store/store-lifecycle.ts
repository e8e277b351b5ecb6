import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { StateStore } from './state-store.js';

/** Closes the state store after the last request: in-flight ones still need it while modules are being destroyed. */
@Injectable()
export class StoreLifecycle implements OnApplicationShutdown {
  constructor(private readonly store: StateStore) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
