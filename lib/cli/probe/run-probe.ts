import { performance } from 'node:perf_hooks';
import { Refusal } from '../refusal.js';
import { isOk, json, type ProbeAnswer } from './probe-answer.js';
import { header } from './probe-answer.js';
import { unchecked, type ProbeCheck, type ProbeOutcome } from './probe-check.js';
import { hostEvidence } from '../../checklist/evidence.js';
import { JudgedAnswers } from './judged-answers.js';
import { named } from './fallback.js';
import type { ProbePlan } from './probe-plan.js';
import { entryOf, probeCounts, type ProbeReport } from './probe-report.js';
import type { ProbeSender } from './probe-sender.js';

const ALL_WITHIN_MS = 300_000;
const MOST_TIMEOUTS = 3;

interface Sent {
  readonly answers: JudgedAnswers;
  readonly stopped: string | undefined;
}

/** Sends what the plan says and no more, then judges. Throws a refusal when there is no Gatehouse to probe. */
export async function runProbe(plan: ProbePlan, sender: ProbeSender, now: () => number): Promise<ProbeReport> {
  const { setup, checks, requests } = plan;
  const { answers, stopped } = await sendAll(plan, sender);
  const entries = [];
  for (const check of checks) entries.push(entryOf(check, await outcomeOf(check, answers, stopped)));
  return {
    target: setup.target.origin.origin,
    path: setup.target.auth,
    active: setup.active !== undefined,
    checkedAt: new Date(now()).toISOString(),
    requests: { planned: requests.length, sent: answers.all().length },
    ...(stopped === undefined ? {} : { stopped }),
    entries,
    counts: probeCounts(entries),
  };
}

async function sendAll({ requests, setup }: ProbePlan, sender: ProbeSender): Promise<Sent> {
  const answers = new JudgedAnswers();
  const endMs = performance.now() + ALL_WITHIN_MS;
  let timeouts = 0;
  for (const request of requests) {
    const answer = await sender.send(request, answers);
    answers.keep(request, answer);
    if (answer.status >= 500) return { answers, stopped: `${named(answer)} was answered ${answer.status}` };
    if (request === setup.common.session) {
      if (answer.failure === 'certificate') return { answers, stopped: 'The certificate is not valid' };
      expectGatehouse(answer);
    }
    if (answer.failure === 'timeout') timeouts += 1;
    if (timeouts === MOST_TIMEOUTS) return { answers, stopped: 'Too many requests had no answer in time' };
    if (performance.now() > endMs) return { answers, stopped: 'It took longer than five minutes' };
  }
  return { answers, stopped: undefined };
}

/** Whoever is not Gatehouse is sent nothing more. */
function expectGatehouse(answer: ProbeAnswer): void {
  const { status, failure } = answer;
  if (failure !== undefined) throw new Refusal(`The deployment cannot be reached (${failure}).`);
  if (status >= 300 && status < 400) {
    const to = hostEvidence(header(answer, 'location'));
    throw new Refusal(
      `${named(answer)} leads elsewhere (${status}, host ${to}), which is not followed: give that address.`,
    );
  }
  if (status === 429)
    throw new Refusal('Requests from this address are limited at the moment: come again in a minute.');
  const body = json(answer);
  if (isOk(answer) && typeof body === 'object' && body !== null && 'user' in body) return;
  throw new Refusal(
    `${named(answer)} was answered ${status} and not by Gatehouse: is --path right? Nothing more was sent.`,
  );
}

async function outcomeOf(
  check: ProbeCheck,
  answers: JudgedAnswers,
  stopped: string | undefined,
): Promise<ProbeOutcome> {
  if (check.requests.every((request) => answers.has(request))) {
    const failed = check.requests.map((request) => answers.of(request)).find(({ failure }) => failure !== undefined);
    if (failed === undefined || check.survivesFailures === true) return check.judge(answers);
    return unchecked(`${named(failed)} had no answer (${failed.failure ?? ''})`);
  }
  if (check.judgesWhatThereIs === true) {
    const outcome = await check.judge(answers);
    if (outcome.status === 'finding') return outcome;
  }
  return unchecked(`Not reached. ${stopped ?? ''}`);
}
