import { Injectable } from '@nestjs/common';
import { randomToken } from '../common/random.js';
import { StateStore } from '../store/state-store.js';
import type { CodePurpose, CodeReference } from './mailed-code.js';
import { MailedCodes } from './mailed-codes.service.js';

const PLACES = 5;
/** The tag of nobody's keys. Not empty, or they would share no slot of a cluster; and no base64url, so nobody's alone. */
const NOBODY = '.';

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
 *
 * A place holds 128 random bits that are part of the code, so no code can be computed from our keys alone: neither one that
 * was never mailed, nor one that was.
 */
@Injectable()
export class CodePlaces {
  constructor(
    private readonly store: StateStore,
    private readonly codes: MailedCodes,
  ) {}

  /**
   * The salt of a code that may be mailed, else `undefined`. It has its place until it expires or is used. Throws
   * `STORE_UNAVAILABLE`.
   */
  async take({ purpose, userId, knownBrowser }: CodeHolder, reference: CodeReference): Promise<string | undefined> {
    const places = placesOf(purpose, tagOf(userId), knownBrowser);
    const taken = await this.store.getMany(places);
    // Another try to send the same mail.
    const before = saltIn(taken, reference);
    if (before !== undefined) return before;
    const salt = randomToken();
    const ttlMs = this.codes.remainingMs(reference);
    for (const [index, place] of places.entries()) {
      if (taken[index] !== null) continue;
      if (await this.store.setIfAbsent(place, `${reference.id}.${salt}`, ttlMs)) return salt;
    }
    return undefined;
  }

  /** The salt of a code that has been mailed and not used. The same commands for nobody (`undefined`). */
  async saltOf(
    purpose: CodePurpose,
    userId: string | undefined,
    reference: CodeReference,
  ): Promise<string | undefined> {
    return saltIn(await this.store.getMany(allPlacesOf(purpose, userId)), reference);
  }

  /** A code that has been used leaves its place to another. */
  async leave({ purpose, userId }: Omit<CodeHolder, 'knownBrowser'>, reference: CodeReference): Promise<void> {
    const places = allPlacesOf(purpose, userId);
    const taken = await this.store.getMany(places);
    const place = places.find((_, index) => saltIn([taken[index] ?? null], reference) !== undefined);
    if (place !== undefined) await this.store.delete(place);
  }
}

function saltIn(taken: readonly (string | null)[], { id }: CodeReference): string | undefined {
  return taken.find((each) => each?.startsWith(`${id}.`))?.slice(id.length + 1);
}

function tagOf(userId: string): string {
  return Buffer.from(userId, 'utf8').toString('base64url');
}

function allPlacesOf(purpose: CodePurpose, userId: string | undefined): string[] {
  const tag = userId === undefined ? NOBODY : tagOf(userId);
  return [true, false].flatMap((knownBrowser) => placesOf(purpose, tag, knownBrowser));
}

function placesOf(purpose: CodePurpose, tag: string, knownBrowser: boolean): string[] {
  const whose = `${purpose}:{${tag}}:${knownBrowser ? 'd' : 'u'}`;
  return Array.from({ length: PLACES }, (_, index) => `gh:code:live:${whose}:${index}`);
}
