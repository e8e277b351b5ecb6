import { Injectable } from '@nestjs/common';
import { IsNull, type EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import type { Principal } from '../../common/principal.js';
import { isRowId } from '../../common/row-id.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { FactorChanges, type RenewedSession } from '../../second-factors/factor-changes.service.js';
import { RecoveryCodes } from '../../second-factors/recovery-codes.service.js';
import { SecondFactors } from '../../second-factors/second-factors.service.js';
import { Credentials } from '../../users/credentials.service.js';
import type { PasskeyChange } from './passkey-registration.service.js';
import { Passkey } from './passkey.entity.js';
import { PASSKEY_KIND } from './passkey.factor.js';

type RemovalRefusal = 'NOT_FOUND' | 'LAST_SIGN_IN_METHOD';

/** Names and removes the passkeys of a signed-in user. Those of others are not there: `NOT_FOUND` (404). */
@Injectable()
export class PasskeyManagement {
  constructor(
    private readonly database: Database,
    private readonly changes: FactorChanges,
    private readonly credentials: Credentials,
    private readonly factors: SecondFactors,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly events: EventRecorder,
  ) {}

  async rename(id: string, name: string, { userId, sessionId }: Principal, client: ClientInfo): Promise<Passkey> {
    if (!isRowId(id)) throw new AuthError('NOT_FOUND');
    const renamed = await this.database.write(async (manager) => {
      const { affected } = await manager.update(Passkey, { id, userId }, { name });
      if (affected !== 1) return null;
      const details = { passkey: id };
      const about = { actorId: userId, subjectId: userId, sessionId, client };
      await this.events.record(manager, { type: 'passkey.renamed', ...about, details });
      return manager.findOneBy(Passkey, { id });
    });
    if (renamed === null) throw new AuthError('NOT_FOUND');
    return renamed;
  }

  /**
   * Takes the recovery codes along when they would stand in for nothing any more. Throws `LAST_SIGN_IN_METHOD` (409), and `NOT_AUTHENTICATED` (401) when the session has ended
   * meanwhile.
   */
  async remove(id: string, request: PasskeyChange): Promise<RenewedSession> {
    if (!isRowId(id)) throw new AuthError('NOT_FOUND');
    const { userId } = request.who;
    let refusal: RemovalRefusal | undefined;
    // Adding or removing another factor ends this session, so that the answer holds where the session does.
    const hasOther = await this.hasOtherFactor(userId);
    const renewed = await this.changes.apply({
      ...request,
      event: 'passkey.removed',
      details: { passkey: id },
      notice: 'passkey-removed',
      work: async (manager) => {
        refusal = await this.refusalOf(manager, userId, id);
        if (refusal !== undefined) return false;
        if ((await manager.delete(Passkey, { id, userId })).affected !== 1) return false;
        const isLast = !(await manager.existsBy(Passkey, { userId, clonedAt: IsNull() }));
        if (isLast && !hasOther) await this.recoveryCodes.drop(manager, userId);
        return true;
      },
    });
    if (renewed === 'lost') throw new AuthError(refusal ?? 'NOT_FOUND');
    if (renewed === 'ended') throw new AuthError('NOT_AUTHENTICATED');
    return renewed;
  }

  private async hasOtherFactor(userId: string): Promise<boolean> {
    const others = this.factors.all.filter(({ kind }) => kind !== PASSKEY_KIND);
    const standings = await Promise.all(others.map((factor) => factor.standingOf(userId)));
    return standings.some((standing) => standing === 'usable' || standing === 'demanding');
  }

  /** The account's row is locked. A passkey that is refused for its counter is no way to sign in. */
  private async refusalOf(manager: EntityManager, userId: string, id: string): Promise<RemovalRefusal | undefined> {
    const passkey = await manager.findOneBy(Passkey, { id, userId });
    if (passkey === null) return 'NOT_FOUND';
    if (passkey.clonedAt !== null) return undefined;
    return (await this.credentials.countSignInMethods(manager, userId)) <= 1 ? 'LAST_SIGN_IN_METHOD' : undefined;
  }
}
