import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { IsNull, type EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import { MINUTE_MS } from '../../common/duration.js';
import { randomToken, uuidv7 } from '../../common/random.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Outbox } from '../../mail/outbox.js';
import { clientFacts } from '../../sessions/client-facts.js';
import { lockAccount } from '../../users/account-epoch.js';
import { PasskeyUser } from './passkey-user.entity.js';
import { Passkey } from './passkey.entity.js';
import type { NewCredential, VerifiedAssertion } from './webauthn.service.js';

const HANDLE_BYTES = 32;
/** How long after a use an answer that was signed before it may still arrive: two tabs of one browser, a slow network. */
const OVERTAKEN_MS = MINUTE_MS;

export interface PasskeyUse {
  readonly client: ClientInfo;
  /** Of the notice. */
  readonly locale: string;
}

/** The rows of passkeys and of the handles that accounts are known by: every change of one is a single conditional statement. */
@Injectable()
export class Passkeys {
  constructor(
    private readonly database: Database,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** The oldest first. */
  of(userId: string): Promise<readonly Passkey[]> {
    return this.database.read((manager) => manager.find(Passkey, { where: { userId }, order: { id: 'ASC' } }));
  }

  /** Those that may be used. */
  async usableOf(userId: string): Promise<readonly Passkey[]> {
    return (await this.of(userId)).filter(({ clonedAt }) => clonedAt === null);
  }

  /** How many may be used. */
  countUsable(userId: string): Promise<number> {
    return this.database.read((manager) => manager.countBy(Passkey, { userId, clonedAt: IsNull() }));
  }

  find(credentialId: string): Promise<Passkey | undefined> {
    return this.database.read((manager) => this.findIn(manager, credentialId));
  }

  /** The same inside a transaction. */
  async findIn(manager: EntityManager, credentialId: string): Promise<Passkey | undefined> {
    return (await manager.findOneBy(Passkey, { credentialHash: hashOf(credentialId) })) ?? undefined;
  }

  rowOf(userId: string, credential: NewCredential, name: string): Passkey {
    const createdAt = this.clock.now();
    const credentialHash = hashOf(credential.credentialId);
    const id = uuidv7(createdAt);
    return { id, userId, ...credential, credentialHash, name, createdAt, lastUsedAt: null, clonedAt: null };
  }

  /** What authenticators know the account by, made with its first passkey. Throws `NOT_AUTHENTICATED` (401) without an account. */
  async handleFor(userId: string): Promise<string> {
    const known = await this.handleOf(userId);
    if (known !== undefined) return known;
    const row = { userId, handle: randomToken(HANDLE_BYTES), createdAt: this.clock.now() };
    return this.database.write(async (manager) => {
      if (!(await lockAccount(manager, userId))) throw new AuthError('NOT_AUTHENTICATED');
      const meanwhile = await manager.findOneBy(PasskeyUser, { userId });
      if (meanwhile !== null) return meanwhile.handle;
      await manager.insert(PasskeyUser, row);
      return row.handle;
    });
  }

  async handleOf(userId: string): Promise<string | undefined> {
    return this.database.read(async (manager) => (await manager.findOneBy(PasskeyUser, { userId }))?.handle);
  }

  /**
   * Notes the use of a passkey whose signature was right. A counter that does not go on (WebAuthn Level 3 §6.1.1) says that
   * there are two of it: none of them is believed from then on, and the owner is told. Within a minute after a use it says no
   * more than that one answer has overtaken another: the late one alone is refused. `false`: it may not be used.
   */
  use(
    { id, userId }: Passkey,
    { counter, backedUp }: VerifiedAssertion,
    { client, locale }: PasskeyUse,
  ): Promise<boolean> {
    const lastUsedAt = this.clock.now();
    return this.database.write(async (manager) => {
      const noted = await manager
        .createQueryBuilder()
        .update(Passkey)
        .set({ counter, backedUp, lastUsedAt })
        .where('id = :id AND clonedAt IS NULL', { id })
        .andWhere('(counter < :counter OR (counter = 0 AND :counter = 0))', { counter })
        .execute();
      if (noted.affected === 1) return true;
      const marked = await manager
        .createQueryBuilder()
        .update(Passkey)
        .set({ clonedAt: lastUsedAt })
        .where('id = :id AND clonedAt IS NULL AND counter >= :counter', { id, counter })
        .andWhere('(lastUsedAt IS NULL OR lastUsedAt <= :before)', { before: lastUsedAt - OVERTAKEN_MS })
        .execute();
      if (marked.affected !== 1) return false;
      await this.events.record(manager, {
        type: 'passkey.cloned',
        outcome: 'failure',
        subjectId: userId,
        client,
        details: { passkey: id },
      });
      const data = { change: 'passkey-cloned', ...clientFacts(client) };
      await this.outbox.add(manager, { kind: 'second-factor-changed', userId, locale, data });
      return false;
    });
  }
}

function hashOf(credentialId: string): string {
  return createHash('sha256').update(credentialId).digest('base64url');
}
