export type Redirect =
  { readonly kind: 'moved' | 'ask'; readonly host: string; readonly port: number } | { readonly kind: 'again' };

/** What a reply says about where else, or when, to try. The command was not carried out. */
export function redirectOf(error: unknown): Redirect | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.startsWith('TRYAGAIN')) return { kind: 'again' };
  const [, word, host, port] = /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(error.message) ?? [];
  if (word === undefined || host === undefined) return undefined;
  return { kind: word === 'MOVED' ? 'moved' : 'ask', host, port: Number(port) };
}
