import { json } from '../probe-answer.js';
import { finding, passed, skipped, unchecked, type ProbeCheck, type ProbeOutcome } from '../probe-check.js';
import { post, type Answers, type ProbeRequest } from '../probe-request.js';
import { NEEDS_ACTIVE, type ProbeSetup } from '../probe-setup.js';
import { TOO_MANY } from './sign-in.checks.js';

/** The token that a page reads and sends back; readable by design. */
const READABLE = /^(?:__(?:Host|Secure)-)?XSRF-TOKEN$/i;
const PREFIX = /^__(?:Host|Secure)-/;
const OWN = /^(?:__(?:Host|Secure)-)?auth_/i;

/** Cookies as they are really sent: when nobody signs out, and when the account that the operator named signs in. */
export function cookieChecks({ target, active }: ProbeSetup): ProbeCheck[] {
  const { auth, isTls } = target;
  const signOut: ProbeRequest = { kind: 'sign-out', method: 'POST', path: `${auth}/logout`, headers: {} };
  const { email, password } = active?.known ?? {};
  const signIn = password === undefined ? undefined : post('sign-in', `${auth}/login`, { email, password });
  const end: ProbeRequest | undefined = signIn && {
    ...signOut,
    kind: 'sign-out-known',
    headersFrom: (answers) => ownSession(answers, signIn),
  };
  return [
    {
      id: 'probe.cookie-flags',
      title: 'Cookies are out of reach of scripts, other sites and plain http',
      severity: 'refuse',
      source: 'ASVS 5.0 V3.3.1, V3.3.2, V3.3.3, V3.3.4',
      requests: active === undefined ? [] : [signOut, ...(signIn && end ? [signIn, end] : [])],
      judge: (answers) => {
        const lines = answers.all().flatMap(({ setCookies }) => setCookies);
        const own = lines.filter(isOwn);
        const others = withOthers(lines);
        const bad = new Map(
          own.map((line) => [nameOf(line), problems(line, isTls)] as const).filter(([, of]) => of.length > 0),
        );
        if (bad.size > 0) {
          return finding(
            'Set them as Gatehouse does: Secure, HttpOnly, SameSite=Lax, Path=/, a __Host- name, no Domain.',
            {
              cookies: [...bad].map(([name, of]) => `${name}: ${of.join(', ')}`),
              ...others,
            },
          );
        }
        return signInOutcome(answers, signIn) ?? nothingBad(own, others, active !== undefined);
      },
    },
  ];
}

/** A sign-in that was asked for and did not happen leaves the session cookie unseen. */
function signInOutcome(answers: Answers, signIn: ProbeRequest | undefined): ProbeOutcome | undefined {
  if (signIn === undefined) return undefined;
  const { status } = answers.of(signIn);
  if (status === 200) return undefined;
  return unchecked(
    status === TOO_MANY
      ? 'Sign-in is limited for the named account or this address at the moment: come again in 15 minutes.'
      : `The sign-in of the named account was answered ${status}.`,
  );
}

function nothingBad(own: readonly string[], others: Others, isActive: boolean): ProbeOutcome {
  if (own.length > 0) return passed({ cookies: [...new Set(own.map(nameOf))], ...others });
  const none = 'No answer set a cookie of Gatehouse.';
  return isActive ? unchecked(none) : skipped(`${none} ${NEEDS_ACTIVE}`);
}

type Others = { readonly others?: readonly string[] };

/** A load balancer's and the host's, whose attributes Gatehouse does not choose: named, not judged. */
function withOthers(lines: readonly string[]): Others {
  const names = [...new Set(lines.filter((line) => !isOwn(line)).map(nameOf))];
  return names.length === 0 ? {} : { others: names };
}

function isOwn(line: string): boolean {
  return OWN.test(nameOf(line)) || READABLE.test(nameOf(line));
}

function nameOf(line: string): string {
  return line.split('=', 1)[0]!.trim();
}

function problems(line: string, isTls: boolean): string[] {
  const [name, attributes] = [nameOf(line), attributesOf(line)];
  const sameSite = attributes.get('samesite')?.toLowerCase();
  return [
    ...(attributes.has('secure') || !isTls ? [] : ['not Secure']),
    ...(attributes.has('httponly') || READABLE.test(name) ? [] : ['not HttpOnly']),
    ...(sameSite === 'lax' || sameSite === 'strict' ? [] : [sameSite === 'none' ? 'SameSite=None' : 'no SameSite']),
    ...(PREFIX.test(name) || READABLE.test(name) || !isTls ? [] : ['no __Host- name']),
    ...(attributes.has('domain') ? ['with a Domain'] : []),
  ];
}

function attributesOf(line: string): ReadonlyMap<string, string> {
  const [, ...attributes] = line.split(';');
  return new Map(
    attributes.map((attribute) => {
      const [name = '', value = ''] = attribute.split('=');
      return [name.trim().toLowerCase(), value.trim()];
    }),
  );
}

/** The session that the sign-in began, to end it. */
function ownSession(answers: Answers, signIn: ProbeRequest): Readonly<Record<string, string>> {
  const answer = answers.of(signIn);
  const cookies = answer.setCookies
    .map((line) => line.split(';', 1)[0]!.trim())
    .filter((pair) => /^[\x21-\x7e]+$/.test(pair));
  const token: unknown = (json(answer) as { csrfToken?: unknown } | undefined | null)?.csrfToken;
  return {
    ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
    ...(typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? { 'x-csrf-token': token } : {}),
  };
}
