import { randomInt } from 'node:crypto';
import { expect } from 'vitest';
import type { Answer } from '../../support/client.js';
import type { Begin, DoomedRequest, Operations } from './doomed.js';
import type { MortalApp } from './mortal-app.js';

/** A step of an operation that is the last of a process. */
export interface LabelledDeath {
  readonly name: string;
  readonly begin: Begin;
  readonly step: string;
}

/** Every step at which an operation may be cut short. */
export async function everyStep(app: MortalApp, operations: Operations): Promise<LabelledDeath[]> {
  const deaths: LabelledDeath[] = [];
  for (const [name, begin] of Object.entries(operations)) {
    const { send, status } = await begin(app);
    await app.settle();
    const steps = await app.stepsOf(send, status);
    deaths.push(...steps.filter(isStateOfItsOwn).map((step) => ({ name, begin, step })));
  }
  return deaths;
}

/** Nothing has happened between the answer to one call and the sending of the next. */
function isStateOfItsOwn(step: string, index: number, steps: readonly string[]): boolean {
  return !/^before (?!answer)/.test(step) || !/^after /.test(steps[index - 1] ?? '');
}

/** So many of them, evenly over all. */
export function sampleOf(deaths: readonly LabelledDeath[], times: number): LabelledDeath[] {
  return Array.from({ length: times }, (_, time) => deaths[Math.floor(((time + 0.5) * deaths.length) / times)]!);
}

/** Answers where it was: `at rest` when what works in the background met in another order this time. */
export async function dieAtStep(app: MortalApp, { name, begin, step }: LabelledDeath): Promise<string> {
  const request = await begin(app);
  await app.settle();
  const { where, answer } = await app.dieAt(step, (dieAt) => request.send(dieAt));
  await judge(`${name}, killed at ${step}`, request, answer);
  return `${name}: ${where}`;
}

/**
 * Kills at random moments while several requests are under way. The moments follow what the machine does: about as many are
 * cut short as are answered.
 */
export class RandomDeaths {
  private windowMs = 60;
  answered = 0;
  cut = 0;

  async die(app: MortalApp, operations: Operations): Promise<void> {
    const begun: (readonly [string, DoomedRequest])[] = [];
    for (const [name, begin] of Object.entries(operations)) begun.push([name, await begin(app)]);
    await app.settle();
    const ms = randomInt(Math.ceil(this.windowMs * 1_000)) / 1_000;
    const answers = await app.dieAfter(
      ms,
      begun.map(
        ([, { send }]) =>
          () =>
            send(),
      ),
    );
    const answered = answers.filter((answer) => answer !== undefined).length;
    this.answered += answered;
    this.cut += answers.length - answered;
    this.windowMs = Math.min(2_000, Math.max(5, this.windowMs * (answered > answers.length / 2 ? 0.9 : 1.1)));
    for (const [index, [name, request]] of begun.entries()) {
      await judge(`${name}, killed after ${ms.toFixed(1)} ms`, request, answers[index]);
    }
  }
}

async function judge(what: string, { status, check }: DoomedRequest, answer: Answer | undefined): Promise<void> {
  try {
    if (answer !== undefined) expect(answer.status, answer.text).toBe(status);
    await check(answer);
  } catch (error) {
    throw new Error(`${what} (${answer === undefined ? 'no answer' : `answered ${answer.status}`}): ${String(error)}`, {
      cause: error,
    });
  }
}
