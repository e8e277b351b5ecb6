import { readFileSync } from 'node:fs';
import { isLoopbackHost } from '../../options/loopback.js';
import { EXIT } from '../exit-codes.js';
import { Refusal } from '../refusal.js';

/** What the operator named, checked. */
export interface ProbeTarget {
  /** Scheme, host and port. */
  readonly origin: URL;
  /** What stands before every path, `''` or such as `/v1`. */
  readonly prefix: string;
  /** The paths of Gatehouse, prefix included: `/auth`. */
  readonly auth: string;
  /** More paths, prefix included, that only people who are signed in may read. */
  readonly guarded: readonly string[];
  /** Where API docs may be, beside the usual places. */
  readonly docs: readonly string[];
  /** Certificates to trust beside those of Node.js, as PEM. */
  readonly ca: string | undefined;
  readonly isTls: boolean;
  readonly isLoopback: boolean;
}

export interface TargetOptions {
  readonly path: string;
  readonly guarded: readonly string[];
  readonly docsPath: readonly string[];
  readonly ca?: string | undefined;
}

const PATH = /^\/[\w\-./~]{0,200}$/;

/** Reads the address of a deployment. Throws a refusal that repeats nothing of an address with credentials. */
export function probeTarget(address: string, options: TargetOptions): ProbeTarget {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw usage('The address must be that of a deployment, such as https://api.example.com.');
  }
  if (url.username !== '' || url.password !== '') throw usage('The address must hold no user and no password.');
  if (url.search !== '' || url.hash !== '') throw usage('The address must hold no query and no fragment.');
  const prefix = url.pathname.replace(/(?<!\/)\/+$/, '');
  const below = (path: string, option: string) => prefix + pathOf(path, option);
  return {
    origin: new URL(url.origin),
    prefix,
    auth: below(options.path, '--path').replace(/(?<!\/)\/+$/, ''),
    guarded: options.guarded.map((path) => below(path, '--guarded')),
    docs: options.docsPath.map((path) => below(path, '--docs-path')),
    ca: options.ca === undefined ? undefined : certificates(options.ca),
    isTls: url.protocol === 'https:',
    isLoopback: isLoopbackHost(url.hostname),
  };
}

function pathOf(path: string, option: string): string {
  if (!PATH.test(path)) throw usage(`${option} must be a path such as /auth.`);
  return path;
}

function certificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw usage('The file that --ca names cannot be read.');
  }
}

function usage(message: string): Refusal {
  return new Refusal(message, EXIT.usage);
}
