import type { AuthEnvironment } from '../options/auth-options.js';
import type { CheckArea, CheckSeverity, Evidence } from './check.js';

interface CheckFacts {
  readonly id: string;
  readonly title: string;
  readonly area: CheckArea;
  readonly severity: CheckSeverity;
  /** The standard or guide that asks for it. */
  readonly source: string;
}

/** One line of the report. */
export type ChecklistEntry = CheckFacts &
  (
    | { readonly outcome: 'passed'; readonly evidence?: Evidence }
    | { readonly outcome: 'finding'; readonly evidence: Evidence; readonly change: string }
    /** A finding that `checklist.accept` names; `reason` is what stands there. */
    | { readonly outcome: 'accepted'; readonly evidence: Evidence; readonly change: string; readonly reason: string }
    /** Could not be checked, which is a warning and never a pass. */
    | { readonly outcome: 'unchecked'; readonly reason: string }
  );

/** How many entries came out how. `warn` includes those that could not be checked. */
export interface ChecklistCounts {
  readonly passed: number;
  readonly refuse: number;
  readonly warn: number;
  readonly note: number;
  readonly accepted: number;
  readonly unchecked: number;
}

/** What the checklist found. Safe to show: it holds no value of an option, no secret and no user data. */
export interface ChecklistReport {
  readonly environment: AuthEnvironment;
  readonly checkedAt: Date;
  readonly entries: readonly ChecklistEntry[];
  readonly counts: ChecklistCounts;
}

export function countsOf(entries: readonly ChecklistEntry[]): ChecklistCounts {
  const count = (wanted: (entry: ChecklistEntry) => boolean) => entries.filter(wanted).length;
  const findings = (severity: CheckSeverity) =>
    count((entry) => entry.outcome === 'finding' && entry.severity === severity);
  const unchecked = count(({ outcome }) => outcome === 'unchecked');
  return {
    passed: count(({ outcome }) => outcome === 'passed'),
    refuse: findings('refuse'),
    warn: findings('warn') + unchecked,
    note: findings('note'),
    accepted: count(({ outcome }) => outcome === 'accepted'),
    unchecked,
  };
}

/** One line of plain text about an entry, such as the start-up log prints. */
export function lineOf(entry: ChecklistEntry): string {
  const head = `${entry.id}: ${entry.title}`;
  switch (entry.outcome) {
    case 'passed':
      return `${head}: yes${entry.evidence === undefined ? '' : ` (${shownEvidence(entry.evidence)})`}.`;
    case 'unchecked':
      return `${head}: could not be checked (${oneLineOf(entry.reason)}).`;
    case 'accepted':
      return `${head}: no (${shownEvidence(entry.evidence)}). Accepted: ${oneLineOf(entry.reason)}`;
    case 'finding':
      return `${head}: no (${shownEvidence(entry.evidence)}). ${entry.change} [${entry.source}]`;
  }
}

/** Evidence in one line of plain text. */
export function shownEvidence(evidence: Evidence): string {
  return Object.entries(evidence)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : String(value)}`)
    .join(', ');
}

/** Free text of an option, such as a reason, on one line and without control characters. */
export function oneLineOf(text: string): string {
  return text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
