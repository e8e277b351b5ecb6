import { Injectable } from '@nestjs/common';
import type { FieldProblem } from '../errors/auth-error.js';
import type { PasswordOptions } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import { PasswordBlocklist } from './password-blocklist.js';
import { bare, folded, formsOf } from './password-forms.js';
import { passwordProblem } from './password-problem.js';
import { isHashable, MAX_PASSWORD_BYTES, normalised } from './password-text.js';

/** What is known of the account whose password it becomes. */
export interface PasswordContext {
  readonly email?: string | undefined;
  /** Its other values, such as a name: none of them may be the password. */
  readonly values?: readonly string[] | undefined;
}

type CharacterClass = NonNullable<PasswordOptions['composition']>[number];

const CLASSES: Readonly<Record<CharacterClass, { readonly pattern: RegExp; readonly name: string }>> = {
  lower: { pattern: /\p{Ll}/u, name: 'a lower-case letter' },
  upper: { pattern: /\p{Lu}/u, name: 'an upper-case letter' },
  digit: { pattern: /\p{Nd}/u, name: 'a digit' },
  symbol: { pattern: /[^\p{L}\p{M}\p{N}]/u, name: 'a symbol' },
};
/** A shorter word, such as a local part of one letter, would refuse passwords that have nothing to do with it. */
const SHORTEST_WORD = 3;

/** The rules for a new password (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 V6.2). Every place that sets a password asks it. */
@Injectable()
export class PasswordPolicy {
  private readonly blocklist: PasswordBlocklist;
  private readonly words: ReadonlySet<string>;

  constructor(private readonly settings: AuthSettings) {
    const { blocklist, contextWords } = settings.passwords;
    this.blocklist = new PasswordBlocklist(blocklist);
    this.words = wordsOf([settings.appName, ...contextWords]);
  }

  /**
   * Every rule that the password breaks, as `details` of `PASSWORD_REJECTED`; none when it may be used. Rules:
   * `minLength`, `maxLength` (code points after NFC), `maxBytes`, `blocklist`, `context`, `composition`.
   */
  problems(password: string, context: PasswordContext = {}): FieldProblem[] {
    const { minLength, maxLength } = this.settings.passwords;
    const problems: FieldProblem[] = [];
    // Bounds the work below: 10 MB of text are counted, never normalised or compared.
    const hashable = isHashable(password);
    const length = countCodePoints(hashable ? normalised(password) : password, Math.max(minLength, maxLength));
    if (length < minLength) problems.push(this.problem('minLength', `Use at least ${minLength} characters.`));
    if (length > maxLength) problems.push(this.problem('maxLength', `Use at most ${maxLength} characters.`));
    if (!hashable) {
      problems.push({ field: 'password', rule: 'maxBytes', message: `Use at most ${MAX_PASSWORD_BYTES} bytes.` });
      return problems;
    }
    return [...problems, ...this.guessable(password, context), ...this.composition(normalised(password))];
  }

  private guessable(password: string, context: PasswordContext): FieldProblem[] {
    const forms = [...formsOf(password)];
    const own = wordsOf([...addressParts(context.email), ...(context.values ?? [])]);
    const problems: FieldProblem[] = [];
    if (forms.some((form) => this.blocklist.has(form))) {
      problems.push(
        this.problem('blocklist', 'This password is too easy to guess: it is common or follows a pattern.'),
      );
    }
    if (forms.some((form) => this.words.has(form) || own.has(form))) {
      const message = 'Do not use the name of the application, your address or your name as the password.';
      problems.push(this.problem('context', message, 'contextWords'));
    }
    return problems;
  }

  private composition(password: string): FieldProblem[] {
    const missing = this.settings.passwords.composition.map((name) => CLASSES[name]);
    const names = missing.filter(({ pattern }) => !pattern.test(password)).map(({ name }) => name);
    return names.length === 0 ? [] : [this.problem('composition', `Use ${names.join(', ')}.`)];
  }

  private problem(rule: string, message: string, option = rule): FieldProblem {
    return passwordProblem(this.settings, rule, message, option);
  }
}

function wordsOf(values: readonly string[]): ReadonlySet<string> {
  // A longer text is no password, and folding a megabyte of it would hold up everybody.
  const possible = values.filter((value) => value.length <= MAX_PASSWORD_BYTES);
  const words = possible.flatMap((value) => [folded(value.trim()), bare(value)]);
  return new Set(words.filter((word) => [...word].length >= SHORTEST_WORD));
}

/** The address, its local part, and that without a `+tag`. */
function addressParts(email: string | undefined): string[] {
  const local = email?.slice(0, email.lastIndexOf('@')) ?? '';
  return email === undefined ? [] : [email, local, local.split('+')[0] ?? ''];
}

/** Code points of a text, counted to just above the limit. */
function countCodePoints(text: string, limit: number): number {
  const characters = text[Symbol.iterator]();
  let count = 0;
  while (count <= limit && characters.next().done !== true) count++;
  return count;
}
