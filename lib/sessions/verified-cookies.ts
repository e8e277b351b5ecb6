import { OldestFirst } from '../store/oldest-first.js';
import type { SessionReference } from './session-cookie.js';

/** About 2 MB when full. */
const MOST_COOKIES = 5_000;

/**
 * Session cookies whose MAC has been computed, so that a browser costs one and not one a request. It says who made the
 * cookie and nothing of the session: that is looked up each time. The whole text is the key, so that an altered cookie is
 * another one.
 */
export class VerifiedCookies {
  private readonly entries = new Map<string, SessionReference>();
  private readonly oldest = new OldestFirst(this.entries);

  get(value: string): SessionReference | undefined {
    return this.entries.get(value);
  }

  /** When full, the cookie that was verified first makes room. */
  add(value: string, reference: SessionReference): void {
    if (this.entries.size >= MOST_COOKIES) this.entries.delete(this.oldest.next() ?? '');
    this.entries.set(value, reference);
  }

  drop(value: string): void {
    this.entries.delete(value);
  }
}
