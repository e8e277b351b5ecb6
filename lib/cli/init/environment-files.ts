import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { randomToken } from '../../common/random.js';

const SECRET_BYTES = 32;
const GIT_TIMEOUT_MS = 5_000;

const EXAMPLE = `# Main secret of Gatehouse, at least 32 random bytes: npx gatehouse generate-secret
AUTH_SECRET=

# Where the API is reached from outside. Production wants https.
BASE_URL=http://localhost:3000
# Where people use the application: links in mail lead there. Without it, BASE_URL.
APP_URL=

# PostgreSQL, such as postgres://app:password@localhost:5432/app. Without it, the file app.sqlite.
DATABASE_URL=

# Mail, such as smtps://user:password@mail.example.com, and its sender. Without it, letters are printed to the log.
SMTP_URL=
MAIL_FROM=App <no-reply@example.com>

# State that instances share, such as redis://localhost:6379, and how many instances there are.
REDIS_URL=
INSTANCES=1

# How many proxies before the application append to X-Forwarded-For. Production wants it said; 0 without one.
TRUSTED_PROXY_HOPS=
`;

/** What is written behind what a file has; `undefined` where nothing is missing. */
export type Addition = string | undefined;

/** A secret of its own, for this checkout alone. */
export function environmentAddition(before: string): Addition {
  return /^[ \t]*(?:export[ \t]+)?AUTH_SECRET[ \t]*=/m.test(before)
    ? undefined
    : `AUTH_SECRET=${randomToken(SECRET_BYTES)}\n`;
}

/** Whether git has a file, or what it links to, among those that it keeps. Where git cannot tell, it has not. */
export function isTracked(path: string): boolean {
  if (!existsSync(path)) return false;
  return [...new Set([path, realpathSync(path)])].some((file) => {
    // A repository may name a program as its file system monitor.
    const args = ['-c', 'core.fsmonitor=false', 'ls-files', '--error-unmatch', '--', basename(file)];
    const { status } = spawnSync('git', args, { cwd: dirname(file), stdio: 'ignore', timeout: GIT_TIMEOUT_MS });
    return status === 0;
  });
}

export function exampleAddition(before: string): Addition {
  return /^#?[ \t]*AUTH_SECRET[ \t]*=/m.test(before) ? undefined : EXAMPLE;
}

/** Keeps the secret and the users of a developer out of the repository. */
export function ignoreAddition(before: string): Addition {
  const lines = new Set(before.split(/\r?\n/).map((line) => line.trim()));
  const has = (...patterns: string[]): boolean => patterns.some((pattern) => lines.has(pattern));
  const missing = [
    ...(has('.env', '/.env', '.env*', '*.env') ? [] : ['.env']),
    ...(has('*.sqlite*', '*.sqlite', '/app.sqlite', 'app.sqlite') ? [] : ['*.sqlite*']),
  ];
  return missing.length === 0 ? undefined : `${missing.join('\n')}\n`;
}

/** A file and what is added to it, in its own ends of lines. */
export function added(before: string, addition: string): string {
  const eol = before.includes('\r\n') ? '\r\n' : '\n';
  const gap = before === '' || before.endsWith('\n') ? '' : eol;
  return before + gap + addition.replaceAll('\n', eol);
}
