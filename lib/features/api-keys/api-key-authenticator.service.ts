import { Injectable } from '@nestjs/common';
import { ApiKeyReader } from '../../access/api-key-reader.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimits } from '../../attempts/rate-limits.service.js';
import type { AddressedRequest, ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import { constantTimeEqual } from '../../common/constant-time.js';
import { MINUTE_MS } from '../../common/duration.js';
import { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { RoleGrants } from '../../roles/role-grants.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { StateStore, type ConsumeResult } from '../../store/state-store.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import { ApiKeyLoader, type LiveApiKey } from './api-key-loader.service.js';
import { ApiKeyRefusals } from './api-key-refusals.service.js';
import { KEY_PREFIX, keyHash, keyIdIn } from './api-key-text.js';
import { KnownKeys, type KnownKey } from './known-keys.js';

/** Who an API key is from: its hash, then one round trip, and no SQL while it is in use. */
@Injectable()
export class ApiKeyAuthenticator extends ApiKeyReader {
  private readonly known = new KnownKeys();

  constructor(
    private readonly loader: ApiKeyLoader,
    private readonly refusals: ApiKeyRefusals,
    private readonly cache: SessionCache,
    private readonly store: StateStore,
    private readonly limits: RateLimits,
    private readonly addresses: ClientAddresses,
    private readonly scopes: TokenScopes,
    private readonly grants: RoleGrants,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    super();
  }

  override recognises(text: string): boolean {
    return text.startsWith(KEY_PREFIX);
  }

  override async read(text: string, request: AddressedRequest): Promise<Principal | undefined> {
    const id = keyIdIn(text);
    if (id === undefined) return this.unheardOf('malformed');
    const client = this.addresses.of(request);
    const key = this.known.get(id) ?? (await this.meet(id, client));
    if (key === undefined) return this.unheardOf('unknown');
    if (!constantTimeEqual(keyHash(id, text), key.hash)) return this.refuse(key, 'secret', client);
    // At the same time, so that both cost one round trip. Whoever does not have the key cannot use up its requests.
    const [live, use] = await Promise.all([this.live(key, client), this.countUse(key)]);
    if (live === undefined) return this.refuse(key, 'ended', client);
    if (!use.allowed) throw new AuthError('RATE_LIMITED', { retryAfterMs: use.resetMs });
    // The role, or the option, may have come after the key: its owner sets a factor up first, as with a session.
    if (!live.enrolled) throw new AuthError('ENROLMENT_REQUIRED');
    return this.principalOf(key, live);
  }

  override async stillIs({
    userId,
    sessionId: id,
  }: Pick<Principal, 'userId' | 'sessionId'>): Promise<Principal | undefined> {
    const key = this.known.get(id) ?? (await this.loader.identify(id));
    if (key?.userId !== userId) return undefined;
    const live = await this.live(key, undefined);
    return live?.enrolled === true ? this.principalOf(key, live) : undefined;
  }

  /** A key that this process does not know yet. Made-up ones are as many look-ups, which is what an address is limited in. */
  private async meet(id: string, { address }: ClientInfo): Promise<KnownKey | undefined> {
    await this.limits.countAddress('apiKeyLookUp', address);
    const key = await this.loader.identify(id);
    if (key !== undefined) this.known.add(key);
    return key;
  }

  private async live(key: KnownKey, client: ClientInfo | undefined): Promise<LiveApiKey | undefined> {
    const live = await this.cache.findHeld(key.userId, `k:${key.id}`, () => this.loader.load(key, client?.address));
    return live !== undefined && this.clock.now() < live.expiresAt ? live : undefined;
  }

  private countUse({ id }: KnownKey): Promise<ConsumeResult> {
    const { apiKeys, rateLimits } = this.settings;
    const limit = Math.max(1, Math.floor(apiKeys.rateLimit * rateLimits.multiplier));
    return this.store.consume(`gh:rate:api-key:${id}`, { limit, windowMs: MINUTE_MS });
  }

  private unheardOf(reason: 'malformed' | 'unknown'): undefined {
    this.refusals.count(reason);
    return undefined;
  }

  private refuse(key: KnownKey, reason: 'secret' | 'ended', client: ClientInfo): undefined {
    this.refusals.note(key, reason, client);
    return undefined;
  }

  /** The rights of the owner at this moment. Whoever holds a key proves nothing of a person: no method, never fresh. */
  private principalOf({ id, userId }: KnownKey, { roles, scopes, ...live }: LiveApiKey): Principal {
    const granted = scopes ?? this.scopes.grantable(roles);
    return Principal.of({
      userId,
      via: 'api-key',
      sessionId: id,
      roles,
      permissions: this.grants.permissionsOf(roles),
      scopes: this.scopes.clamp(granted, undefined, roles),
      emailVerified: live.emailVerified,
      methods: [],
      authenticatedAt: live.createdAt,
      freshUntil: 0,
      expiresAt: live.expiresAt,
      impersonatorId: undefined,
    });
  }
}
