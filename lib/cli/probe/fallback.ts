import { header, isOk, type ProbeAnswer } from './probe-answer.js';

/**
 * Whether something was served. Deployments that answer every path with one page, as a site in front of a single-page
 * application does, serve nothing with it: `unknown` is their answer to a path that does not exist.
 */
export function serves(answer: ProbeAnswer, unknown: ProbeAnswer): boolean {
  if (!isOk(answer)) return false;
  if (!isOk(unknown)) return true;
  const type = (of: ProbeAnswer) => header(of, 'content-type').split(';')[0];
  return answer.body !== unknown.body && !(type(answer) === 'text/html' && type(unknown) === 'text/html');
}

/** Path and query as they were sent, short enough to be read. */
export function named({ method, path }: Pick<ProbeAnswer, 'method' | 'path'>): string {
  return `${method} ${path.length > 60 ? `${path.slice(0, 57)}...` : path}`;
}
