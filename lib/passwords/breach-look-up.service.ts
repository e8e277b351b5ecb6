import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { inTime } from '../common/in-time.js';
import { BreachedPasswords } from './breached-passwords.js';
import { normalised } from './password-text.js';
import { SparseLog } from './sparse-log.js';

export const BREACH_DEADLINE_MS = 300;

const PREFIX_LENGTH = 5;
const ENTRY = /^([0-9A-F]{35})(?::(\d{1,12}))?$/i;
/** The public service has some 2,000 entries to a prefix. A port that never stops must not stop everybody else. */
const MOST_ENTRIES = 50_000;
const MOST_CHARACTERS = 2 ** 21;

/** Asks {@link BreachedPasswords}, and takes no answer for an answer. Never throws, never waits beyond the deadline. */
@Injectable()
export class BreachLookUp {
  private readonly log = new SparseLog();

  constructor(private readonly port: BreachedPasswords) {}

  async has(password: string): Promise<boolean> {
    const digest = createHash('sha1').update(normalised(password), 'utf8').digest('hex').toUpperCase();
    try {
      const entries = await this.ask(digest.slice(0, PREFIX_LENGTH));
      return isListed(digest.slice(PREFIX_LENGTH), entries);
    } catch {
      // What went wrong may quote an address with its key.
      this.log.warn('Breached passwords could not be looked up in time: the bundled list alone decides.');
      return false;
    }
  }

  private async ask(prefix: string): Promise<Iterable<string> | string> {
    const deadline = new AbortController();
    const answer = (async () => this.port.suffixes(prefix, deadline.signal))();
    try {
      return await inTime(answer, BREACH_DEADLINE_MS, late);
    } finally {
      deadline.abort();
    }
  }
}

function late(): never {
  throw new Error('late');
}

function isListed(suffix: string, answer: Iterable<string> | string): boolean {
  const entries = typeof answer === 'string' ? answer.slice(0, MOST_CHARACTERS).split(/\r?\n/) : answer;
  let left = MOST_ENTRIES;
  for (const entry of entries) {
    if ((left -= 1) < 0) return false;
    const [, found, count] = ENTRY.exec(entry) ?? [];
    if (found?.toUpperCase() === suffix && Number(count ?? 1) > 0) return true;
  }
  return false;
}
