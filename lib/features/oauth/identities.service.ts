import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { uuidv7 } from '../../common/random.js';
import { Database } from '../../database/database.js';
import { Keyring } from '../../keys/keyring.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { Account } from '../../users/account.entity.js';
import { Identity } from './identity.entity.js';
import type { Exchanged, ProviderTokens } from './exchanged.js';
import type { ProviderIdentity } from './profiles.js';

/** One line of `GET /identities`. Times are ISO 8601 once serialised. */
export interface IdentityView {
  readonly id: string;
  /** Its name in `oauth.providers`. */
  readonly provider: string;
  /** The address at the provider, as last seen. Says nothing of the address of the account. */
  readonly email: string | null;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

/** An identity and the account that it signs in to, as they are in one moment. */
export interface KnownIdentity {
  readonly id: string;
  readonly userId: string;
  readonly epoch: number;
  readonly disabled: boolean;
}

type Row = Readonly<Record<string, unknown>>;

const LONGEST_ADDRESS = 254;

/** Accounts of other providers that sign in to accounts of the application. */
@Injectable()
export class Identities {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Those of a user, oldest first. */
  async list(userId: string): Promise<readonly IdentityView[]> {
    const rows = await this.database.read((manager) =>
      manager.find(Identity, { where: { userId }, order: { id: 'ASC' } }),
    );
    return rows.map(({ id, provider, email, name, createdAt, lastUsedAt }) => ({
      id,
      provider,
      email,
      name,
      createdAt: new Date(createdAt),
      lastUsedAt: new Date(lastUsedAt),
    }));
  }

  /**
   * The provider's tokens of a user, of the identity that was used last, where the provider has `storeTokens`. They may have
   * expired or been revoked since the last sign-in. `undefined`: none are kept.
   */
  async tokensOf(userId: string, provider: string): Promise<ProviderTokens | undefined> {
    const rows = await this.database.read((manager) =>
      manager.find(Identity, { where: { userId, provider }, order: { lastUsedAt: 'DESC' }, take: 1 }),
    );
    const { id, tokens } = rows[0] ?? { id: '', tokens: null };
    const opened = tokens === null ? undefined : this.keyring.open(tokens, tokensPlace(id));
    return opened === undefined ? undefined : (JSON.parse(opened) as ProviderTokens);
  }

  /** @internal One statement: the epoch is that of a moment at which the identity was linked. */
  async find({ issuer, subject }: ProviderIdentity): Promise<KnownIdentity | undefined> {
    const row = await this.database.read((manager) =>
      manager
        .createQueryBuilder(Identity, 'i')
        .leftJoin(Account, 'a', 'a.userId = i.userId')
        .select('i.id', 'id')
        .addSelect('i.userId', 'userId')
        .addSelect('a.epoch', 'epoch')
        .addSelect('a.disabledAt', 'disabledAt')
        .where('i.issuer = :issuer AND i.subject = :subject', { issuer, subject })
        .getRawOne<Row>(),
    );
    if (row === undefined) return undefined;
    return {
      id: String(row['id']),
      userId: String(row['userId']),
      epoch: Number(row['epoch'] ?? 0),
      disabled: (row['disabledAt'] ?? null) !== null,
    };
  }

  /** @internal Inside `Database.write`: whose it is. */
  async ownerIn(manager: EntityManager, { issuer, subject }: ProviderIdentity): Promise<string | undefined> {
    return (await manager.findOneBy(Identity, { issuer, subject }))?.userId;
  }

  /** @internal Inside `Database.write`. A unique violation means that somebody was faster. */
  async insert(manager: EntityManager, userId: string, provider: string, found: Exchanged): Promise<string> {
    const now = this.clock.now();
    const id = uuidv7(now);
    const { issuer, subject } = found.identity;
    const row = { id, userId, provider, issuer, subject, ...this.seen(id, provider, found), createdAt: now };
    await manager.createQueryBuilder().insert().into(Identity).values(row).updateEntity(false).execute();
    return id;
  }

  /** @internal After a sign-in that has gone through: it is no reason to fail it. */
  async noteUse(id: string, provider: string, found: Exchanged): Promise<void> {
    try {
      await this.database.write((manager) => manager.update(Identity, { id }, this.seen(id, provider, found)));
    } catch {
      this.logger.warn('The use of a linked account could not be noted');
    }
  }

  private seen(id: string, provider: string, { identity, tokens }: Exchanged): Omit<Partial<Identity>, 'id'> {
    const { email = '', name = null } = identity;
    const isKept = this.settings.oauth.providers[provider]?.storeTokens === true;
    const isAddress = email.length > 0 && email.length <= LONGEST_ADDRESS && !/\p{C}/u.test(email);
    return {
      provider,
      email: isAddress ? email : null,
      name,
      tokens: isKept ? this.keyring.seal(JSON.stringify(tokens), tokensPlace(id)) : null,
      lastUsedAt: this.clock.now(),
    };
  }
}

/** Where the provider's tokens of a row are sealed for. */
export function tokensPlace(id: string): string {
  return `auth_identities.tokens.${id}`;
}
