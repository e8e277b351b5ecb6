import type { CheckSeverity } from '../../checklist/check.js';
import type { Answers, ProbeRequest } from './probe-request.js';
import { printable } from './printable.js';

/** Numbers, flags, own words, and text of the other side that has been made printable. Never a value of a cookie or a body. */
export type ProbeEvidence = Readonly<Record<string, number | boolean | string | readonly string[]>>;

export type ProbeOutcome =
  | { readonly status: 'passed'; readonly evidence: ProbeEvidence }
  | { readonly status: 'finding'; readonly evidence: ProbeEvidence; readonly change: string }
  /** It was tried, and says nothing. */
  | { readonly status: 'unchecked'; readonly reason: string }
  /** It was not asked for. */
  | { readonly status: 'skipped'; readonly reason: string };

/** What is known of a check before it runs. */
export interface ProbeCheckFacts {
  /** Stable, `probe.name`. */
  readonly id: string;
  readonly title: string;
  readonly severity: CheckSeverity;
  /** The standard or guide that asks for it. */
  readonly source: string;
}

/** One check, with every request that it will send. */
export interface ProbeCheck extends ProbeCheckFacts {
  /** Sent one after another. A request that an earlier check has sent is not sent again. */
  readonly requests: readonly ProbeRequest[];
  /** Handshakes beside them, for the announcement. */
  readonly connections?: number;
  /** A request that gets no answer says something here, where elsewhere it leaves the check undone. */
  readonly survivesFailures?: boolean;
  /** After an end that came early it may still find something among the answers that there are. */
  readonly judgesWhatThereIs?: boolean;
  judge(answers: Answers): ProbeOutcome | Promise<ProbeOutcome>;
}

export function passed(evidence: ProbeEvidence = {}): ProbeOutcome {
  return { status: 'passed', evidence: clean(evidence) };
}

export function finding(change: string, evidence: ProbeEvidence): ProbeOutcome {
  return { status: 'finding', evidence: clean(evidence), change };
}

export function unchecked(reason: string): ProbeOutcome {
  return { status: 'unchecked', reason: printable(reason, LONGEST_REASON) };
}

export function skipped(reason: string): ProbeOutcome {
  return { status: 'skipped', reason };
}

const MOST_ITEMS = 12;
const LONGEST_REASON = 400;

/** The one place where evidence is made: what the other side wrote passes here. */
function clean(evidence: ProbeEvidence): ProbeEvidence {
  return Object.fromEntries(Object.entries(evidence).map(([name, value]) => [name, cleanValue(value)]));
}

function cleanValue(value: ProbeEvidence[string]): ProbeEvidence[string] {
  if (typeof value === 'string') return printable(value);
  return typeof value === 'object' ? value.slice(0, MOST_ITEMS).map((item) => printable(item)) : value;
}
