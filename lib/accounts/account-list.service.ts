import { Injectable } from '@nestjs/common';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import { readCursor, writeCursor } from './account-cursor.js';
import { AccountOrders } from './account-orders.service.js';
import type { AccountFilter, AccountPage, AccountQuery, AccountView } from './account-view.js';
import { AccountViews, type FoundAccount } from './account-views.service.js';

const USUAL = 50;
const MOST = 100;
/** Read at once where a filter may leave most of them out. */
const CANDIDATES = 200;
/** After these a page ends, however few it has: no filter makes a request read a whole table. */
const ROUNDS = 5;

/** Goes through the accounts a page at a time. */
@Injectable()
export class AccountList {
  constructor(
    private readonly database: Database,
    private readonly orders: AccountOrders,
    private readonly views: AccountViews,
  ) {}

  /** Throws `VALIDATION_FAILED` (400) for a cursor that is none of this list. */
  async page({ limit = USUAL, cursor, ...given }: AccountQuery): Promise<AccountPage> {
    const filter = { ...given, email: canonicalIdentifier(given.email ?? '') };
    const size = Math.min(Math.max(limit, 1), MOST);
    const { order, next } = this.orders.of(filter);
    const isNarrowed = Object.values(given).some((value) => value !== undefined);
    const take = isNarrowed ? CANDIDATES : size + 1;
    const items: AccountView[] = [];
    let after = cursor === undefined ? undefined : readCursor(order, cursor);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { candidates, found } = await this.database.read(async (manager) => {
        const rows = await next(manager, after, take);
        const ids = rows.map(({ userId }) => userId);
        return { candidates: rows, found: await this.views.of(manager, ids) };
      });
      for (const [index, { userId, position }] of candidates.entries()) {
        after = position;
        const account = found.get(userId);
        if (account === undefined || !matches(account, filter)) continue;
        items.push(account.view);
        if (items.length < size) continue;
        const more = index < candidates.length - 1 || candidates.length === take;
        return { items, nextCursor: more ? writeCursor(order, position) : null };
      }
      if (candidates.length < take) return { items, nextCursor: null };
    }
    return { items, nextCursor: after === undefined ? null : writeCursor(order, after) };
  }
}

function matches({ view, emailCanonical }: FoundAccount, filter: AccountFilter & { readonly email: string }): boolean {
  return (
    emailCanonical.startsWith(filter.email) &&
    (filter.role === undefined || view.roles.includes(filter.role)) &&
    (filter.disabled === undefined || view.disabled === filter.disabled) &&
    (filter.emailVerified === undefined || view.emailVerified === filter.emailVerified)
  );
}
