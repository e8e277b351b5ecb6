import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import { isRowId } from '../../common/row-id.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import type { EventDetails } from '../../events/auth-event.js';
import type { AuthEventType } from '../../events/event-catalogue.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Outbox } from '../../mail/outbox.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { clientFacts } from '../../sessions/client-facts.js';
import { lockSession } from '../../sessions/lock-session.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { ensureAccount, lockAccount } from '../../users/account-epoch.js';
import { ApiKey } from './api-key.entity.js';

/** Who changes the keys of a user, for the audit trail. What is left out is not known; without any of it the application does. */
export interface ApiKeyActor {
  /** The user who does it. An owner's own session must still be live when the change is written. */
  readonly actorId?: string;
  /** Public id of the session in which it is done. */
  readonly sessionId?: string;
  /** `scopes` of the principal who does it: no key is given others. `undefined`, as of a cookie session, is no limit. */
  readonly scopes?: readonly string[] | undefined;
  readonly client?: ClientInfo;
  /** Of the notice to the owner. Default: `mailTemplates.defaultLocale`. */
  readonly locale?: string;
}

export type ApiKeyValues = Partial<Pick<ApiKey, 'name' | 'scopes' | 'pausedAt'>>;

type Refusal = 'ended' | 'LIMIT_REACHED' | 'NOT_FOUND';

/** The rows of keys. Each change is one transaction that begins with the account's row, and leaves its event. */
@Injectable()
export class ApiKeyRows {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Keys that are not over, the newest first. */
  list(userId: string, count: number, cursor: string | undefined): Promise<readonly ApiKey[]> {
    return this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(ApiKey, 'k')
        .where('k.userId = :userId AND k.endsAt > :now', { userId, now: this.clock.now() })
        .orderBy('k.id', 'DESC')
        .take(count);
      if (cursor !== undefined) query.andWhere('k.id < :cursor', { cursor });
      return query.getMany();
    });
  }

  /** Throws `LIMIT_REACHED` (409), `NOT_AUTHENTICATED` (401) for a session or an account that has ended. */
  async add(row: ApiKey, by: ApiKeyActor): Promise<void> {
    const { id, userId } = row;
    const locale = by.locale ?? this.settings.mailTemplates.defaultLocale;
    const data = { change: 'api-key-created', ...(by.client && clientFacts(by.client)) };
    const refusal = await this.database.write(async (manager): Promise<Refusal | undefined> => {
      if (!isOwn(userId, by)) await ensureAccount(manager, userId);
      if (!(await this.hold(manager, userId, by))) return 'ended';
      if ((await this.countLive(manager, userId)) >= this.settings.apiKeys.cap) return 'LIMIT_REACHED';
      await manager.insert(ApiKey, row);
      await this.record(manager, 'api_key.created', userId, by, { key: id, ...told({ scopes: row.scopes }) });
      await this.outbox.add(manager, { kind: 'second-factor-changed', userId, locale, data });
      return undefined;
    });
    refuse(refusal);
  }

  /** Throws `NOT_FOUND` (404), `NOT_AUTHENTICATED` (401). */
  async update(userId: string, id: string, values: ApiKeyValues, by: ApiKeyActor): Promise<ApiKey> {
    if (!isRowId(id)) throw new AuthError('NOT_FOUND');
    const outcome = await this.cache.change([userId], (commitBefore) =>
      this.database.write(
        async (manager): Promise<ApiKey | Refusal> => {
          if (!(await this.hold(manager, userId, by))) return 'ended';
          const { affected } = await manager
            .createQueryBuilder()
            .update(ApiKey)
            .set(values)
            .where('id = :id AND userId = :userId AND endsAt > :now', { id, userId, now: this.clock.now() })
            .execute();
          const changed = affected === 1 ? await manager.findOneBy(ApiKey, { id }) : null;
          if (changed === null) return 'NOT_FOUND';
          await this.record(manager, 'api_key.updated', userId, by, { key: id, ...told(values) });
          return changed;
        },
        { commitBefore },
      ),
    );
    if (typeof outcome === 'string') throw errorOf(outcome);
    return outcome;
  }

  /** Ends one key, or all of a user, and answers how many. */
  end(userId: string, id: string | undefined, by: ApiKeyActor): Promise<number> {
    const now = this.clock.now();
    return this.cache.change(
      [userId],
      (commitBefore) =>
        this.database.write(
          async (manager) => {
            const query = manager
              .createQueryBuilder()
              .update(ApiKey)
              .set({ endsAt: now })
              .where('userId = :userId AND endsAt > :now', { userId, now });
            if (id !== undefined) query.andWhere('id = :id', { id });
            const revoked = (await query.execute()).affected ?? 0;
            const details: EventDetails = id === undefined ? { revoked } : { key: id };
            if (revoked > 0) await this.record(manager, 'api_key.revoked', userId, by, details);
            return revoked;
          },
          { commitBefore },
        ),
      { takesAway: true },
    );
  }

  /** Locks the account until the end of the transaction, and with it the owner's session where that makes the change. */
  private hold(manager: EntityManager, userId: string, by: ApiKeyActor): Promise<boolean> {
    const { sessionId } = by;
    if (sessionId === undefined || !isOwn(userId, by)) return lockAccount(manager, userId);
    return lockSession(manager, { userId, sessionId }, this.clock.now());
  }

  private countLive(manager: EntityManager, userId: string): Promise<number> {
    return manager
      .createQueryBuilder(ApiKey, 'k')
      .where('k.userId = :userId AND k.endsAt > :now', { userId, now: this.clock.now() })
      .getCount();
  }

  private async record(
    manager: EntityManager,
    type: AuthEventType,
    userId: string,
    { actorId, sessionId, client }: ApiKeyActor,
    details: EventDetails,
  ): Promise<void> {
    await this.events.record(manager, { type, actorId, subjectId: userId, sessionId, client, details });
  }
}

function isOwn(userId: string, { actorId, sessionId }: ApiKeyActor): boolean {
  return actorId === userId && sessionId !== undefined;
}

/** Not the name: it is text of a client. */
function told({ name, scopes, pausedAt }: ApiKeyValues): EventDetails {
  return {
    ...(name !== undefined && { named: true }),
    ...(scopes && { scopes: scopes.join(' ') }),
    ...(pausedAt !== undefined && { paused: pausedAt !== null }),
  };
}

function refuse(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw errorOf(refusal);
}

function errorOf(refusal: Refusal): AuthError {
  return new AuthError(refusal === 'ended' ? 'NOT_AUTHENTICATED' : refusal);
}
