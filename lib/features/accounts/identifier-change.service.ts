import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { StepUp } from '../../access/step-up.service.js';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import type { Principal } from '../../common/principal.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Outbox } from '../../mail/outbox.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { clientFacts } from '../../sessions/client-facts.js';
import { lockAccount } from '../../users/account-epoch.js';
import { OwnColumns } from '../../users/own-columns.service.js';
import { UserTable } from '../../users/user-table.js';

type Values = Readonly<Record<string, unknown>>;

export interface ProfileChange {
  readonly who: Principal;
  readonly client: ClientInfo;
  /** Of the mail that comes of it. */
  readonly locale: string;
}

/** What is to be written, and which columns of it sign in. */
export interface PermittedChange {
  readonly values: Values;
  readonly identifiers: readonly string[];
}

/** Columns that sign in, changed by their owner: as much as another address, so it is guarded, recorded and told like one. */
@Injectable()
export class IdentifierChange {
  constructor(
    private readonly columns: OwnColumns,
    private readonly table: UserTable,
    private readonly stepUp: StepUp,
    private readonly database: Database,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `EMAIL_NOT_VERIFIED` and `REAUTHENTICATION_REQUIRED` (403) when an identifier would become another. One that stays
   * as it is, in a form that is sent whole, is left out.
   */
  async permit(who: Principal, values: Values): Promise<PermittedChange> {
    const named = this.settings.identifiers.filter((name) => name !== 'email' && values[name] !== undefined);
    if (named.length === 0) return { values, identifiers: [] };
    const identifiers = await this.database.read((manager) => this.differing(manager, who.userId, values, named));
    if (identifiers.length > 0) {
      const isProven = this.settings.emailVerification === 'off' || who.emailVerified;
      if (!isProven) throw new AuthError('EMAIL_NOT_VERIFIED');
      if (who.freshUntil.getTime() <= this.clock.now()) throw await this.stepUp.reauthenticationRequired(who);
    }
    const left = Object.entries(values).filter(([name]) => !named.includes(name) || identifiers.includes(name));
    return { values: Object.fromEntries(left), identifiers };
  }

  /** Inside `Database.write`. `false`: the account has been disabled or deleted meanwhile, nothing is written. */
  async carryOut(manager: EntityManager, permitted: PermittedChange, change: ProfileChange): Promise<boolean> {
    const { userId, sessionId } = change.who;
    // Of several that set the same name at once, the first has changed it.
    if (!(await lockAccount(manager, userId))) return false;
    const changed = await this.differing(manager, userId, permitted.values, permitted.identifiers);
    await this.table.update(manager, userId, permitted.values);
    if (changed.length === 0) return true;
    const { client, locale } = change;
    const event = {
      type: 'account.identifier_changed',
      actorId: userId,
      subjectId: userId,
      sessionId,
      client,
    } as const;
    for (const column of changed) await this.events.record(manager, { ...event, details: { column } });
    const data = clientFacts(client);
    await this.outbox.add(manager, { kind: 'identifier-changed', userId, locale, data });
    return true;
  }

  private async differing(
    manager: EntityManager,
    userId: string,
    values: Values,
    names: readonly string[],
  ): Promise<readonly string[]> {
    const current = await this.columns.read(manager, userId, names);
    return current === undefined ? [] : names.filter((name) => (current[name] ?? null) !== (values[name] ?? null));
  }
}
