import { Refusal } from '../refusal.js';

/** What stops an application from being made, that no option of Gatehouse is to blame for. Passes on what says it itself. */
export function unexpected(error: unknown): never {
  if (error instanceof Refusal || !(error instanceof Error) || error.name === 'StartUpError') throw error;
  const code = (error as NodeJS.ErrnoException).code;
  // A driver's message may quote an address with its password.
  const reason = typeof code === 'string' && code !== 'ERR_MODULE_NOT_FOUND' ? code : (error.stack ?? error.message);
  throw new Refusal(`The application cannot be made: ${withoutUrls(reason)}`);
}

function withoutUrls(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s'"`)]*/gi, (url) => (url.startsWith('file://') ? url : '<url>'));
}
