import { Refusal } from '../refusal.js';

/** A line of a stack that tells a place. */
const PLACE = /^(?:\s+at |(?:file:\/\/)?\/\S*:\d+$)/;

/** What stops an application from being made, that no option of Gatehouse is to blame for. Passes on what says it itself. */
export function unexpected(error: unknown): never {
  if (error instanceof Refusal || !(error instanceof Error) || error.name === 'StartUpError') throw error;
  throw new Refusal(`The application cannot be made: ${withoutUrls(reasonOf(error))}`);
}

/** Messages are the application's and its libraries': they may quote the value of a variable, or an address with its password. */
function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  // Node names the module and who wants it.
  if (code === 'ERR_MODULE_NOT_FOUND') return error.stack ?? error.message;
  if (typeof code === 'string') return code;
  const stack = error.stack ?? '';
  // A message of several lines may have some that look like places.
  const places = stack
    .replace(error.message, '')
    .split('\n')
    .filter((line) => PLACE.test(line));
  return [`${error.constructor.name}. Its message is not shown: it may hold values.`, ...places].join('\n');
}

function withoutUrls(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s'"`)]*/gi, (url) =>
    url.startsWith('file://') ? url : '<url>',
  );
}
