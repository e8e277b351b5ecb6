import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TRAPS } from './traps.js';

const BY_ID = TRAPS.map((trap) => [trap.id, trap] as const);

/** How a title may stand in its spec: in quotes, with those escaped that close them. */
const spellings = (title: string): string[] => [title, title.replaceAll("'", "\\'")];

const occurrences = (text: string, part: string): number => text.split(part).length - 1;

describe('the table of traps', () => {
  it('names each once', () => {
    expect(TRAPS.length).toBeGreaterThanOrEqual(50);
    expect(new Set(TRAPS.map(({ id }) => id)).size).toBe(TRAPS.length);
    expect(new Set(TRAPS.map(({ title }) => title)).size).toBe(TRAPS.length);
  });

  it.each(BY_ID)('%s has its test', (_, { spec, test }) => {
    expect(existsSync(spec), spec).toBe(true);
    const text = readFileSync(spec, 'utf8');
    expect(
      spellings(test).some((title) => text.includes(title)),
      `${spec}: ${test}`,
    ).toBe(true);
  });

  it.each(BY_ID)('%s has its defence, once, and something else without it', (_, { file, defence, without }) => {
    expect(file).toMatch(/^lib\/.*(?<!\.spec)\.ts$/);
    expect(occurrences(readFileSync(file, 'utf8'), defence), `${file}: ${defence}`).toBe(1);
    expect(without).not.toBe(defence);
    expect(defence.trim()).not.toBe('');
  });
});
