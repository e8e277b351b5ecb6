const MAX_WORD = 20;
const MAX_REASON = 200;

/**
 * Why something failed, fit for the log. Errors of servers and of other people's code repeat addresses, links and codes: words
 * that could be one are left out.
 */
export function logReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const words = error.message.split(/\s+/).filter((word) => word !== '');
  return words
    .map((word) => (word.length > MAX_WORD || /[@/#\p{Cc}]|\d{5,}/u.test(word) ? '[...]' : word))
    .join(' ')
    .slice(0, MAX_REASON);
}
