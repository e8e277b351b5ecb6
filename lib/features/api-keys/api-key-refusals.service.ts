import { Injectable, Logger } from '@nestjs/common';
import type { ClientInfo } from '../../common/client-address.js';
import { MINUTE_MS } from '../../common/duration.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Metrics } from '../../events/metrics.service.js';
import { StateStore } from '../../store/state-store.js';
import { ApiKeyLoader } from './api-key-loader.service.js';
import type { KnownKey } from './known-keys.js';

/** A full table would be the attack: what is refused more often than this is counted by the metrics alone. */
const ONE_ROW_A_MINUTE = { limit: 1, windowMs: MINUTE_MS };

/** `malformed` and `unknown` name no key, and so leave no row. */
export type ApiKeyFault = 'malformed' | 'unknown' | 'secret' | 'ended';

/** Tells of keys that were refused. Nobody waits for it, and a refusal stands whatever becomes of it. */
@Injectable()
export class ApiKeyRefusals {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly store: StateStore,
    private readonly loader: ApiKeyLoader,
    private readonly events: EventRecorder,
    private readonly metrics: Metrics,
  ) {}

  /** Of text that names no key. */
  count(reason: ApiKeyFault): void {
    this.metrics.count('auth_api_key_refusals', { reason });
  }

  /** Of a key that there is, or was: one row a minute of the audit trail. */
  note(key: KnownKey, reason: ApiKeyFault, client: ClientInfo): void {
    this.count(reason);
    this.write(key, reason, client).catch(() => this.logger.warn('A refused API key could not be recorded'));
  }

  private async write({ id, userId }: KnownKey, reason: ApiKeyFault, client: ClientInfo): Promise<void> {
    const { allowed } = await this.store.consume(`gh:rate:api-key-refused:${id}`, ONE_ROW_A_MINUTE);
    // Of somebody whose account has been deleted nothing new is written down.
    if (!allowed || (await this.loader.identify(id)) === undefined) return;
    await this.events.write({
      type: 'api_key.refused',
      outcome: 'failure',
      subjectId: userId,
      client,
      details: { key: id, reason },
    });
  }
}
