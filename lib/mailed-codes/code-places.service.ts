import { Injectable } from '@nestjs/common';
import { StateStore } from '../store/state-store.js';
import type { CodePurpose, CodeReference } from './mailed-code.js';
import { MailedCodes } from './mailed-codes.service.js';

const PLACES = 5;

/** Whose codes are counted together. */
export interface CodeHolder {
  readonly purpose: CodePurpose;
  readonly userId: string;
  /** Whether the browser that asked is known to the account: strangers take none of its places. */
  readonly knownBrowser: boolean;
}

/**
 * How many codes of an account live at once: five, and none of them ends another. What is beyond is not mailed. The limit
 * of mail by the hour is stricter as a rule; this one holds where `rateLimits.multiplier` has raised that.
 */
@Injectable()
export class CodePlaces {
  constructor(
    private readonly store: StateStore,
    private readonly codes: MailedCodes,
  ) {}

  /** Whether the code may be mailed. It has its place until it expires or is used. Throws `STORE_UNAVAILABLE`. */
  async take(holder: CodeHolder, reference: CodeReference): Promise<boolean> {
    const places = placesOf(holder);
    const taken = await this.store.getMany(places);
    // Another try to send the same mail.
    if (taken.includes(reference.id)) return true;
    const ttlMs = this.codes.remainingMs(reference);
    for (const [index, place] of places.entries()) {
      if (taken[index] === null && (await this.store.setIfAbsent(place, reference.id, ttlMs))) return true;
    }
    return false;
  }

  /** A code that has been used leaves its place to another. */
  async leave({ purpose, userId }: Omit<CodeHolder, 'knownBrowser'>, { id }: CodeReference): Promise<void> {
    const places = [true, false].flatMap((knownBrowser) => placesOf({ purpose, userId, knownBrowser }));
    const taken = await this.store.getMany(places);
    const place = places.find((_, index) => taken[index] === id);
    if (place !== undefined) await this.store.delete(place);
  }
}

function placesOf({ purpose, userId, knownBrowser }: CodeHolder): string[] {
  const whose = `${purpose}:{${Buffer.from(userId, 'utf8').toString('base64url')}}:${knownBrowser ? 'd' : 'u'}`;
  return Array.from({ length: PLACES }, (_, index) => `gh:code:live:${whose}:${index}`);
}
