import { probePlan } from '../../lib/cli/probe/probe-plan.js';
import type { ProbeEntry, ProbeReport } from '../../lib/cli/probe/probe-report.js';
import { ProbeSender } from '../../lib/cli/probe/probe-sender.js';
import type { ActiveSetup } from '../../lib/cli/probe/probe-setup.js';
import { runProbe } from '../../lib/cli/probe/run-probe.js';
import { probeTarget, type TargetOptions } from '../../lib/cli/probe/probe-target.js';
import { TLS } from './front.js';

export type Active = { readonly [Name in keyof ActiveSetup]?: ActiveSetup[Name] };

const now = () => Date.now();

/** `ca` is the certificate to trust, as PEM. */
export function planFor(url: string, active?: Active, options: Partial<TargetOptions> = {}, ca = TLS.certificate) {
  const target = { ...probeTarget(url, { path: '/auth', guarded: [], docsPath: [], ...options }), ca };
  return probePlan(target, active && { known: undefined, forgedAddresses: false, ...active }, now);
}

export function probe(
  url: string,
  active?: Active,
  options?: Partial<TargetOptions>,
  ca?: string,
): Promise<ProbeReport> {
  const plan = planFor(url, active, options, ca);
  return runProbe(plan, new ProbeSender(plan.setup.target), now);
}

export function findings({ entries }: ProbeReport): readonly ProbeEntry[] {
  return entries.filter(({ outcome }) => outcome === 'finding');
}

export const idsOf = (entries: readonly ProbeEntry[]): readonly string[] => entries.map(({ id }) => id);

export function entry(report: ProbeReport, id: string): ProbeEntry {
  return report.entries.find((one) => one.id === id)!;
}
