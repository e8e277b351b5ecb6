import { json, type ProbeAnswer } from '../probe-answer.js';
import { finding, passed, type ProbeCheck } from '../probe-check.js';
import { named, serves } from '../fallback.js';
import { read, type ProbeRequest } from '../probe-request.js';
import type { ProbeSetup } from '../probe-setup.js';

const DOCS = [
  '/docs',
  '/docs/',
  '/docs-json',
  '/docs-yaml',
  '/docs/json',
  '/api',
  '/api-json',
  '/api-yaml',
  '/api-docs',
  '/api/docs',
  '/swagger',
  '/swagger-json',
  '/swagger/index.html',
  '/swagger.json',
  '/openapi.json',
  '/openapi.yaml',
  '/reference',
];
const OPERATIONS = ['/metrics', '//metrics', '/dev/mailbox', '/dev/checklist'];
const FILES = ['/.env', '/.git/HEAD'];
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

/** What a deployment shows to everybody. */
export function exposureChecks({ target, common }: ProbeSetup): ProbeCheck[] {
  const under = (paths: readonly string[]) =>
    [...new Set([...paths.map((path) => target.prefix + path), ...paths])].map((path) => read(path));
  const docs = [...under(DOCS), ...target.docs.map((path) => read(path))];
  const operations = [...under(OPERATIONS), read(`${target.auth}/admin/checklist`)];
  const files = under(FILES);
  const jwks = under(['/.well-known/jwks.json']);
  const closed = (
    facts: Omit<ProbeCheck, 'judge' | 'requests'> & { readonly change: string },
    requests: readonly ProbeRequest[],
    isExposed: (answer: ProbeAnswer, unknown: ProbeAnswer) => boolean,
  ): ProbeCheck => ({
    ...facts,
    requests: [common.unknown, ...requests],
    judge: (answers) => {
      const unknown = answers.of(common.unknown);
      const open = requests.map((request) => answers.of(request)).filter((answer) => isExposed(answer, unknown));
      return open.length === 0 ? passed() : finding(facts.change, { open: open.map(named) });
    },
  });
  return [
    closed(
      {
        id: 'probe.docs-closed',
        title: 'API docs are closed',
        severity: 'warn',
        source: 'ASVS 5.0 V13.4.5',
        change: 'Serve them with setupApiDocs(app, document), which is closed in production, or not at all.',
      },
      docs,
      (answer, unknown) => serves(answer, unknown) && isApiDocs(answer),
    ),
    closed(
      {
        id: 'probe.operations-closed',
        title: 'Metrics, mail and checklist are not open to everybody',
        severity: 'refuse',
        source: 'ASVS 5.0 V13.4.5',
        change: 'Let only those who operate the deployment reach them: another port, or @Auth().',
      },
      operations,
      serves,
    ),
    closed(
      {
        id: 'probe.files-closed',
        title: 'No file of the deployment is served',
        severity: 'refuse',
        source: 'ASVS 5.0 V13.4.1',
        change: 'Serve a folder made for the public alone, never the one of the application.',
      },
      files,
      (answer, unknown) => serves(answer, unknown) && !/^\s*[<{[]/.test(answer.body),
    ),
    closed(
      {
        id: 'probe.public-keys',
        title: 'Published keys are public ones',
        severity: 'refuse',
        source: 'RFC 7517 §9.2',
        change: 'Take the keys out of use and publish none of their private parts.',
      },
      jwks,
      (answer, unknown) => serves(answer, unknown) && hasPrivateMembers(json(answer)),
    ),
  ];
}

function isApiDocs({ body }: ProbeAnswer): boolean {
  return /swagger-ui|redoc|api-reference|"(?:openapi|swagger)"\s*:|^(?:openapi|swagger):/im.test(body);
}

function hasPrivateMembers(document: unknown): boolean {
  const keys: unknown = (document as { keys?: unknown } | undefined | null)?.keys;
  if (!Array.isArray(keys)) return false;
  return keys.some(
    (key: unknown) => typeof key === 'object' && key !== null && PRIVATE_MEMBERS.some((name) => name in key),
  );
}
