import type { ProbeEvidence } from './probe-check.js';
import type { ProbeEntry, ProbeReport } from './probe-report.js';

const WEIGHT = ['refuse', 'warn', 'note', 'unchecked', 'skipped', 'passed'];

/** The report for a terminal: findings first, everything else on one line each. */
export function probeText(report: ProbeReport): string {
  const { entries, counts, requests, stopped } = report;
  const sorted = entries.toSorted((one, other) => weight(one) - weight(other));
  return [
    ...sorted.flatMap(linesOf),
    '',
    ...(stopped === undefined ? [] : [`Ended early: ${stopped}.`]),
    `${counts.passed} passed, ${counts.refuse} that must be changed, ${counts.warn} warnings ` +
      `(${counts.unchecked} could not be checked), ${counts.note} notes, ${counts.skipped} skipped; ` +
      `${requests.sent} of ${requests.planned} requests sent.`,
  ].join('\n');
}

function weight({ outcome, severity }: ProbeEntry): number {
  return WEIGHT.indexOf(outcome === 'finding' ? severity : outcome);
}

function linesOf({ id, title, severity, source, outcome, evidence = {}, change, reason }: ProbeEntry): string[] {
  const head = `${(outcome === 'finding' ? severity : outcome).padEnd(9)} ${id}: ${title}`;
  if (outcome === 'passed') return [`${head}${inWords(evidence, ' (', ')')}`];
  if (outcome !== 'finding') return [`${head}. ${reason ?? ''}`];
  return [
    head,
    `          found: ${inWords(evidence)}`,
    `          change: ${change ?? ''}`,
    `          source: ${source}`,
  ];
}

function inWords(evidence: ProbeEvidence, before = '', after = ''): string {
  const words = Object.entries(evidence).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : String(value)}`,
  );
  return words.length === 0 ? '' : before + words.join('; ') + after;
}
