import type { SealedCount } from '../index.js';

interface KeyIds {
  readonly current: string;
  readonly earlier: readonly string[];
}

/** How many rows every key id has left that is not the present one: also those that have none. */
export function leftText({ earlier }: KeyIds, counts: readonly SealedCount[]): readonly string[] {
  const old = counts.filter(({ standing }) => standing !== 'current');
  const named = new Set<string | undefined>([...earlier, ...old.map(({ kid }) => kid)]);
  return [...named].map((kid) => {
    const of = old.filter((count) => count.kid === kid);
    const rows = of.reduce((sum, count) => sum + count.rows, 0);
    const where = of.map((count) => `${count.column} ${count.rows}`).join(', ');
    return `  ${titleOf(kid, earlier)}: ${rows === 0 ? 'zero left' : `${rows} left (${where})`}`;
  });
}

/** Whether an earlier secret may go, in words. */
export function verdictOf(counts: readonly SealedCount[]): { readonly isDone: boolean; readonly text: string } {
  const has = (standing: SealedCount['standing']): boolean => counts.some((count) => count.standing === standing);
  if (has('lost')) {
    const text =
      "Some text opens under no secret that is configured. Put its secret into acceptedSecrets (use: 'unseal').";
    return { isDone: false, text };
  }
  if (has('opens')) {
    const text =
      'Something is still sealed under an earlier secret. Run this again; if it comes back, an instance still seals with it.';
    return { isDone: false, text };
  }
  const text =
    'Zero left: nothing needs an earlier secret to be opened. It may go from acceptedSecrets once what it signed has ended.';
  return { isDone: true, text };
}

function titleOf(kid: string | undefined, earlier: readonly string[]): string {
  if (kid === undefined) return 'text that was never sealed';
  return earlier.includes(kid) ? `key id ${kid} (accepted)` : `key id ${kid} (not configured)`;
}
