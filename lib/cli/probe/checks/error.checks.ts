import { finding, passed, type ProbeCheck } from '../probe-check.js';
import { named } from '../fallback.js';
import type { ProbeAnswer } from '../probe-answer.js';
import { post, read, type ProbeRequest } from '../probe-request.js';
import type { ProbeSetup } from '../probe-setup.js';

const OVER_LONG = 20_000;

/** What a program says to itself when something goes wrong, and nobody else should read. */
const TELLING: Readonly<Record<string, RegExp>> = {
  stack:
    /(?:^|\\n|[\n>"])[^\S\n]{0,20}at (?:async )?[\w$.<>[\] ]{1,80}\(?(?:file:\/\/|node:|[A-Za-z]:\\|\/)[^\s)]{1,200}:\d+:\d+|Traceback \(most recent/m,
  file: /node_modules[\\/]|(?:file:\/\/|[A-Za-z]:\\\\?)[\w.\-/\\]+|\/(?:app|usr|home|opt|srv|var|root|work)\/[\w.\-/]{1,200}\.(?:[cm]?[jt]s|json|env)\b/,
  framework:
    /\b(?:ExpressJS|Express|Fastify|NestJS|NestFactory|TypeORM|TypeORMError|QueryFailedError|PrismaClient\w*|Sequelize\w*|Mongo\w*Error|SQLITE_\w+|better-sqlite3)\b/,
};

/** Errors are for whoever calls, not for whoever wrote the program. */
export function errorChecks({ target, active, common }: ProbeSetup): ProbeCheck[] {
  const { auth, prefix } = target;
  const reads = [
    common.unknown,
    read(`${auth}/%`),
    read(`${auth}/%ff%00`),
    read(`${auth}/sessions?limit=%`),
    read(`${auth}/sessions?limit[__proto__]=1&limit[]=2`),
    read(`${prefix}/%`),
    read(`${auth}/session?${'a'.repeat(OVER_LONG)}`),
  ];
  const requests = active === undefined ? reads : [...reads, ...malformedBodies(`${auth}/login`)];
  return [
    {
      id: 'probe.verbose-errors',
      title: 'Errors tell nothing about the program',
      severity: 'refuse',
      source: 'ASVS 5.0 V16.5.1, V13.4.2, V13.4.6',
      requests,
      survivesFailures: true,
      // Answers to other checks are read too, and those before an end that came early.
      judgesWhatThereIs: true,
      judge: (answers) => {
        const verbose = answers.all().flatMap((answer) => told(answer).map((what) => ({ what, answer })));
        if (verbose.length === 0) return passed();
        return finding('Let no filter send a stack, a path or the name of what is inside: log it.', {
          tells: [...new Set(verbose.map(({ what }) => what))],
          at: [...new Set(verbose.map(({ answer }) => named(answer)))],
        });
      },
    },
    {
      id: 'probe.no-server-error',
      title: 'Nothing that was sent made the server fail',
      severity: 'refuse',
      source: 'ASVS 5.0 V16.5.1, V16.5.4',
      requests: [],
      judgesWhatThereIs: true,
      judge: (answers) => {
        const failed = answers.all().find(({ status }) => status >= 500);
        if (failed === undefined) return passed();
        return finding('Read the log of the application at this moment. The probe ends at the first such answer.', {
          status: failed.status,
          at: named(failed),
        });
      },
    },
  ];
}

/** None of them is a sign-in: they are refused before any password is looked at. */
function malformedBodies(path: string): ProbeRequest[] {
  const raw = (body: string, type = 'application/json'): ProbeRequest => ({
    kind: 'malformed-body',
    method: 'POST',
    path,
    headers: { 'content-type': type },
    body,
  });
  return [
    raw('{"email": '),
    raw('<login/>', 'application/xml'),
    raw('[]'),
    raw('null'),
    post('malformed-body', path, { email: { $gt: '' }, password: ['probe'] }),
    post('malformed-body', path, { email: 'probe\0', password: 1 }),
  ];
}

function told({ status, body }: ProbeAnswer): string[] {
  if (status < 400) return [];
  return Object.keys(TELLING).filter((what) => TELLING[what]!.test(body));
}
