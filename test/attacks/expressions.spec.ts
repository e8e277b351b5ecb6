import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { adversariesOf, expressionsOf, type Expression } from './expressions.js';

/** So long, and no longer than that: what takes its time on a short text would take years for a long one. */
const PROBED = 3_000;
const STAGES = [
  { length: 22, limitMs: 15 },
  { length: 200, limitMs: 15 },
  { length: PROBED, limitMs: 8 },
  { length: 20_000, limitMs: 25 },
  { length: 100_000, limitMs: 50 },
] as const;

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .map((name) => path.posix.join('lib', name));
const all = files.map((file) => expressionsOf(file));
const expressions = all.flatMap(({ literals }) => literals);

/** The least time of the processor over some runs: memory may be tidied up during one. */
function time(expression: RegExp, text: string, limitMs: number): number {
  let least = Infinity;
  for (let run = 0; run < 10 && least > limitMs; run += 1) {
    expression.lastIndex = 0;
    const begun = process.cpuUsage();
    if (expression.global) text.replace(expression, '');
    else expression.test(text);
    const { user, system } = process.cpuUsage(begun);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

const SLOWEST = 4;

/** The first text that it is slow on. Of the longest those alone are tried that took longest when they were shorter. */
function slowOf(expression: Expression): readonly string[] {
  const compiled = new RegExp(expression.pattern, expression.flags);
  let tried: readonly number[] | undefined;
  for (const { length, limitMs } of STAGES) {
    const texts = adversariesOf(expression, length);
    const taken: { readonly index: number; readonly ms: number }[] = [];
    for (const index of tried ?? texts.keys()) {
      const ms = time(compiled, texts[index]!, limitMs);
      const text = texts[index]!.slice(0, 12);
      if (ms > limitMs) return [`${expression.where}: ${ms.toFixed(0)} ms for ${length} characters, ${text}`];
      taken.push({ index, ms });
    }
    const longest = taken.sort((a, b) => b.ms - a.ms).map(({ index }) => index);
    if (length >= PROBED) tried = longest.slice(0, SLOWEST);
  }
  return [];
}

describe('the regular expressions of the library', () => {
  it('are all found: none is made of text at run time', () => {
    expect(expressions.length).toBeGreaterThan(80);
    expect(all.flatMap(({ made }) => made)).toEqual([]);
  });

  it('take less than 50 ms for 100,000 characters that were made for them', { timeout: 120_000 }, () => {
    expect(expressions.flatMap(slowOf)).toEqual([]);
  });

  it('would be noticed otherwise', () => {
    for (const pattern of ['^(?:[\\w-]+)+$', '^(a|a)*$', '\\s+$', '^\\s*a*\\s*a*\\s*$', '(.*)*,']) {
      expect([pattern, slowOf({ where: 'here', pattern, flags: '' }).length > 0]).toEqual([pattern, true]);
    }
  });
});
