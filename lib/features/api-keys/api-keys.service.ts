import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { isRowId } from '../../common/row-id.js';
import { uuidv7 } from '../../common/random.js';
import { AuthError, type FieldProblem } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';
import { UserDirectory } from '../../users/user-directory.js';
import { LIFE_MS, nameProblem } from './api-key-limits.js';
import { ApiKeyRows, type ApiKeyActor } from './api-key-rows.service.js';
import { keyHash, newKeyText } from './api-key-text.js';
import { viewOf, type ApiKeyPage, type ApiKeyView, type CreatedApiKey } from './api-key-view.js';
import type { ApiKey } from './api-key.entity.js';

export interface NewApiKey {
  /** 1 to 80 characters, for its owner. */
  readonly name: string;
  /**
   * What it is limited to: names of `tokens.scopes` that its owner may be granted. Default: the scopes of whoever makes it;
   * without those, all that its owner may be granted at any time.
   */
  readonly scopes?: readonly string[] | undefined;
  /** From a minute to 400 days ahead. Default: `apiKeys.ttl` from now. */
  readonly expiresAt?: Date | undefined;
}

/** What is left out stays as it is. */
export interface ApiKeyChanges {
  readonly name?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** A key that is paused is refused until it is not. */
  readonly paused?: boolean | undefined;
}

export interface ApiKeyListOptions {
  /** At most 100. Default 50. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/**
 * The API keys of users. Whatever is revoked, paused or limited here is refused on the very next request, on every node. When
 * the state store is down a revocation is committed all the same and answered `STORE_UNAVAILABLE` (503).
 */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly rows: ApiKeyRows,
    private readonly accounts: MailAccounts,
    private readonly users: UserDirectory,
    private readonly scopes: TokenScopes,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a key. It is in the answer and nowhere else: what is stored is a hash. Throws `NOT_FOUND` (404) for an unknown user,
   * `VALIDATION_FAILED` (400), `LIMIT_REACHED` (409) at `apiKeys.cap`, `NOT_AUTHENTICATED` (401) for a disabled user.
   */
  async create(userId: string, { name, scopes, expiresAt }: NewApiKey, by: ApiKeyActor = {}): Promise<CreatedApiKey> {
    await this.requireUser(userId);
    const now = this.clock.now();
    const end = expiresAt?.getTime() ?? now + this.settings.apiKeys.ttlMs;
    const life = end - now;
    const isBounded = expiresAt === undefined || (life >= LIFE_MS.least && life <= LIFE_MS.most);
    const details = [
      ...nameProblem(name),
      ...(isBounded ? [] : [problem('expiresAt', 'range', 'This is not from a minute to 400 days ahead.')]),
      ...(await this.scopeProblems(userId, scopes, by)),
    ];
    if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
    const limits = scopes ?? by.scopes;
    const id = uuidv7(now);
    const { label } = this.settings.apiKeys;
    const key = newKeyText(label, id);
    const row: ApiKey = {
      id,
      userId,
      name,
      label,
      hash: keyHash(id, key),
      scopes: limits === undefined ? null : unique(limits),
      createdAt: now,
      expiresAt: end,
      endsAt: end,
      pausedAt: null,
      lastUsedAt: null,
      lastUsedIp: null,
    };
    await this.rows.add(row, by);
    return { ...viewOf(row), key };
  }

  /** Keys of a user that are neither revoked nor over, the newest first. */
  async list(userId: string, { limit = 50, cursor }: ApiKeyListOptions = {}): Promise<ApiKeyPage> {
    const size = Math.min(Math.max(limit, 1), 100);
    const rows = await this.rows.list(userId, size + 1, cursor);
    const items = rows.slice(0, size).map(viewOf);
    return { items, nextCursor: rows.length > size ? (items.at(-1)?.id ?? null) : null };
  }

  /**
   * Names, limits, pauses or resumes a key. Throws `NOT_FOUND` (404), also for a key of somebody else and one that is over;
   * `VALIDATION_FAILED` (400), `NOT_AUTHENTICATED` (401) for a disabled user.
   */
  async update(
    userId: string,
    id: string,
    { name, scopes, paused }: ApiKeyChanges,
    by: ApiKeyActor = {},
  ): Promise<ApiKeyView> {
    const isEmpty = name === undefined && scopes === undefined && paused === undefined;
    const details = [
      ...(isEmpty ? [problem('name', 'required', 'There is nothing to change.')] : []),
      ...(name === undefined ? [] : nameProblem(name)),
      ...(await this.scopeProblems(userId, scopes, by)),
    ];
    if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
    const values = {
      ...(name !== undefined && { name }),
      ...(scopes !== undefined && { scopes: unique(scopes) }),
      ...(paused !== undefined && { pausedAt: paused ? this.clock.now() : null }),
    };
    return viewOf(await this.rows.update(userId, id, values, by));
  }

  /** Ends one key of the user. Throws `NOT_FOUND` (404), also for a key of somebody else and one that is over. */
  async revoke(userId: string, id: string, by: ApiKeyActor = {}): Promise<void> {
    if (!isRowId(id) || (await this.rows.end(userId, id, by)) === 0) throw new AuthError('NOT_FOUND');
  }

  /** Ends every key of the user, and answers how many. */
  revokeAll(userId: string, by: ApiKeyActor = {}): Promise<number> {
    return this.rows.end(userId, undefined, by);
  }

  private async requireUser(userId: string): Promise<void> {
    if ((await this.accounts.find(userId)) === undefined) throw new AuthError('NOT_FOUND');
  }

  /** By the roles of this moment: what they allow later is asked with every request. */
  private async scopeProblems(
    userId: string,
    scopes: readonly string[] | undefined,
    by: ApiKeyActor,
  ): Promise<readonly FieldProblem[]> {
    if (scopes === undefined || scopes.length === 0) return [];
    const grantable = this.scopes.grantable(await this.users.rolesOf(userId));
    // Whoever holds a token with one scope would otherwise make a key with all of them.
    const given = grantable.filter((scope) => by.scopes?.includes(scope) ?? true);
    if (scopes.every((scope) => given.includes(scope))) return [];
    return [problem('scopes', 'scope', 'A scope here does not exist, or cannot be granted.')];
  }
}

function problem(field: string, rule: string, message: string): FieldProblem {
  return { field, rule, message };
}

function unique(scopes: readonly string[]): readonly string[] {
  return [...new Set(scopes)];
}
