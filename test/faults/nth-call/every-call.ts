import { expect } from 'vitest';
import type { Answer } from '../../support/client.js';
import type { Begin, Operation } from './operation.js';
import { FAULTS, type Run, type Fault } from './run.js';
import type { Stand } from './stand.js';

/** What a busy machine adds to a deadline. */
const SLACK_MS = 2_000;
/** Runs at once, where what one of them breaks is not another's. */
const AT_ONCE = 6;
const PREPARATIONS = 3;
const NEVER = Number.POSITIVE_INFINITY;

/** An operation when nothing stands in its way: what it calls, and the faults that say something of it. */
export interface Calm {
  readonly calls: readonly string[];
  readonly faults: readonly Fault[];
}

export async function calmRun(stand: Stand, begin: Begin): Promise<Calm> {
  let signsIn = false;
  const { calls } = await oneRun(
    stand,
    async (...whom) => {
      const operation = await begin(...whom);
      signsIn = operation.signsIn !== undefined;
      return operation;
    },
    NEVER,
    'waits',
  );
  return { calls, faults: signsIn ? [...FAULTS, 'waits'] : FAULTS };
}

/** The fault at each of these calls. */
export async function faultAt(stand: Stand, begin: Begin, fault: Fault, calls: readonly number[]): Promise<Run[]> {
  const runs: Run[] = [];
  const atOnce = stand.isShared ? 1 : AT_ONCE;
  for (let begun = 0; begun < calls.length; begun += atOnce) {
    const turn = calls.slice(begun, begun + atOnce);
    runs.push(...(await Promise.all(turn.map((at) => oneRun(stand, begin, at, fault)))));
  }
  return runs;
}

/** The fault at the first call, the second and so on, until there is none left for it. Answers how many runs that took. */
export async function faultAtEveryCall(stand: Stand, begin: Begin, fault: Fault, calls: number): Promise<number> {
  const known = Array.from({ length: calls }, (_, index) => index + 1);
  const runs = await faultAt(stand, begin, fault, known);
  while (runs.at(-1)!.hit !== undefined) runs.push(await oneRun(stand, begin, runs.length + 1, fault));
  return runs.length;
}

/** A run with a fault at this call, or `waits` for somebody who is disabled just then. */
async function oneRun(stand: Stand, begin: Begin, at: number, fault: Fault): Promise<Run> {
  const run = stand.newRun();
  try {
    const operation = await prepared(stand, begin, run);
    if (fault === 'waits' && at !== NEVER) await disabledMeanwhile(stand, run, operation, at);
    else await faulted(stand, run, operation, { at, fault });
    return run;
  } catch (error) {
    const where = `${fault} at ${at} of [${run.calls.map((call, index) => `${index + 1} ${call}`).join(', ')}]`;
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  } finally {
    stand.end(run);
  }
}

/** On a busy machine a preparation may meet a deadline by itself: then it begins again, with somebody else. */
async function prepared(stand: Stand, begin: Begin, run: Run): Promise<Operation> {
  for (let left = PREPARATIONS; ; left -= 1) {
    try {
      return await begin(stand, run);
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

async function faulted(
  stand: Stand,
  run: Run,
  operation: Operation,
  { at, fault }: { readonly at: number; readonly fault: Fault },
): Promise<void> {
  run.arm(at, fault);
  const begun = performance.now();
  const answer = await operation.send();
  expect(performance.now() - begun).toBeLessThan(stand.deadlines.databaseMs + SLACK_MS);
  await run.rest();
  run.disarm();
  const acknowledged = isDone(operation, answer);
  if (!acknowledged) expectUnavailable(answer);
  await operation.check(acknowledged ? answer : undefined);
}

/** Whatever was answered to a sign-in, it lets nobody in whose account has been disabled meanwhile. */
async function disabledMeanwhile(stand: Stand, run: Run, { signsIn, ...operation }: Operation, at: number) {
  if (signsIn === undefined) throw new Error('This operation signs nobody in.');
  const { userId, letsIn } = signsIn;
  let disabled: Promise<void> | undefined;
  run.arm(at, 'waits', () => (disabled = stand.disable(userId)));
  const answer = await operation.send();
  await run.rest();
  run.disarm();
  if (!isDone(operation, answer) && answer.status >= 500) expectUnavailable(answer);
  await (disabled ?? stand.disable(userId));
  expect(await letsIn(answer)).toBe(false);
  await stand.enable(userId);
  expect(await letsIn(answer), 'after the account is enabled again').toBe(false);
}

/** A redirect may carry an error. */
function isDone({ status }: Pick<Operation, 'status'>, answer: Answer): boolean {
  return answer.status === status && !/[?&]error=/.test(answer.headers.get('location') ?? '');
}

function expectUnavailable({ status, body, text, headers, setCookies }: Answer): void {
  expect([status, body?.statusCode, body?.code], text).toEqual([503, 503, 'STORE_UNAVAILABLE']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(setCookies.filter((line) => /auth_session=[^;]/.test(line))).toEqual([]);
}
