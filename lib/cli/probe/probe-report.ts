import type { ProbeCheckFacts, ProbeOutcome } from './probe-check.js';

export type ProbeEntry = Pick<ProbeCheckFacts, 'id' | 'title' | 'severity' | 'source'> & {
  readonly outcome: ProbeOutcome['status'];
} & Omit<Extract<ProbeOutcome, { status: 'finding' }>, 'status' | 'evidence' | 'change'> &
  Partial<Pick<Extract<ProbeOutcome, { status: 'finding' }>, 'evidence' | 'change'>> &
  Partial<Pick<Extract<ProbeOutcome, { status: 'unchecked' }>, 'reason'>>;

/** How many entries came out how. `warn` includes those that could not be checked. */
export interface ProbeCounts {
  readonly passed: number;
  readonly refuse: number;
  readonly warn: number;
  readonly note: number;
  readonly unchecked: number;
  readonly skipped: number;
}

/** What `--json` prints. Safe to keep: no value of a cookie, no body and no password is in it. */
export interface ProbeReport {
  readonly target: string;
  readonly path: string;
  readonly active: boolean;
  readonly checkedAt: string;
  readonly requests: { readonly planned: number; readonly sent: number };
  /** Why the run ended before its end. */
  readonly stopped?: string;
  readonly entries: readonly ProbeEntry[];
  readonly counts: ProbeCounts;
}

export function entryOf({ id, title, severity, source }: ProbeCheckFacts, outcome: ProbeOutcome): ProbeEntry {
  const { status, ...rest } = outcome;
  return { id, title, severity, source, outcome: status, ...rest };
}

export function probeCounts(entries: readonly ProbeEntry[]): ProbeCounts {
  const outcomes = (outcome: ProbeEntry['outcome']) => entries.filter((entry) => entry.outcome === outcome);
  const findings = (severity: ProbeEntry['severity']) =>
    outcomes('finding').filter((entry) => entry.severity === severity).length;
  const unchecked = outcomes('unchecked').length;
  return {
    passed: outcomes('passed').length,
    refuse: findings('refuse'),
    warn: findings('warn') + unchecked,
    note: findings('note'),
    unchecked,
    skipped: outcomes('skipped').length,
  };
}
