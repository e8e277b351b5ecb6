import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import type { AuthEnvironment } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { Check, CheckOutcome, CheckSource } from './check.js';
import { identifierEvidence } from './evidence.js';
import { countsOf, type ChecklistEntry, type ChecklistReport } from './report.js';
import { CHECK_SOURCES } from './tokens.js';

/** All checks of one run together. */
export const CHECKLIST_DEADLINE_MS = 5_000;
/** How long what was proven by doing is believed. */
const PROOF_MS = 10 * MINUTE_MS;

interface Proof {
  readonly at: number;
  readonly outcome: CheckOutcome;
}

/** The production checklist: runs every check and says what to change. */
@Injectable()
export class Checklist {
  private result: ChecklistReport | undefined;
  private running: Promise<ChecklistReport> | undefined;
  private readonly proofs = new Map<string, Proof>();

  constructor(
    private readonly settings: AuthSettings,
    @Inject(CHECK_SOURCES) private readonly sources: readonly CheckSource[],
    private readonly clock: Clock,
  ) {}

  /**
   * Runs every check, within 5 seconds in all. Callers that come while it runs share one run. What proves by doing runs at
   * most every ten minutes; between, its last outcome stands.
   */
  async report(): Promise<ChecklistReport> {
    this.running ??= this.examine(this.checks())
      .then((report) => (this.result = report))
      .finally(() => (this.running = undefined));
    return this.running;
  }

  /** Runs the checks that judge options and code alone: no database, store or server is asked. `last()` stays as it is. */
  async judgeOptions(): Promise<ChecklistReport> {
    return this.examine(this.checks().filter(({ work }) => work === undefined));
  }

  /** What the last run found, without running anything: what a health check may ask often. */
  last(): ChecklistReport | undefined {
    return this.result;
  }

  /** The last result, when it is at most this old; else a new one. */
  async recent(maxAgeMs: number): Promise<ChecklistReport> {
    const last = this.last();
    return last !== undefined && this.clock.now() - last.checkedAt.getTime() <= maxAgeMs ? last : this.report();
  }

  /** Which environment the application takes itself to be in. */
  get environment(): AuthEnvironment {
    return this.settings.environment;
  }

  /** What is wrong with the checklist itself: acceptances of checks that do not exist, two checks of one id. */
  problems(): readonly string[] {
    const ids = this.checks().map(({ id }) => id);
    const unknown = Object.keys(this.settings.checklist.accept).filter((id) => !ids.includes(id));
    const doubled = [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
    return [
      ...unknown.map((id) => `checklist.accept['${id}']: there is no check of this id. Remove it or correct it.`),
      ...doubled.map((id) => `two checks have the id ${id}.`),
    ];
  }

  private async examine(checks: readonly Check[]): Promise<ChecklistReport> {
    const { promise: deadline, cancel } = expiry(CHECKLIST_DEADLINE_MS);
    try {
      const entries = await Promise.all(checks.map((check) => this.entry(check, deadline)));
      const { environment } = this.settings;
      return { environment, checkedAt: new Date(this.clock.now()), entries, counts: countsOf(entries) };
    } finally {
      cancel();
    }
  }

  private checks(): readonly Check[] {
    return this.sources.flatMap((source) => source.checks());
  }

  private async entry(check: Check, deadline: Promise<CheckOutcome>): Promise<ChecklistEntry> {
    const { id, title, area, severity, source } = check;
    const facts = { id, title, area, severity, source };
    const outcome = await Promise.race([this.outcomeOf(check), deadline]);
    if (outcome.status === 'passed') {
      return { ...facts, outcome: 'passed', ...(outcome.evidence === undefined ? {} : { evidence: outcome.evidence }) };
    }
    if (outcome.status === 'unchecked') return { ...facts, outcome: 'unchecked', reason: outcome.reason };
    const { evidence, change } = outcome;
    const reason = this.settings.checklist.accept[id];
    return reason === undefined
      ? { ...facts, outcome: 'finding', evidence, change }
      : { ...facts, outcome: 'accepted', evidence, change, reason };
  }

  private async outcomeOf(check: Check): Promise<CheckOutcome> {
    if (check.work !== 'acts') return attempt(check);
    const known = this.proofs.get(check.id);
    if (known !== undefined && this.clock.now() - known.at < PROOF_MS) return known.outcome;
    const outcome = await attempt(check);
    // What could not be done is tried again.
    if (outcome.status !== 'unchecked') this.proofs.set(check.id, { at: this.clock.now(), outcome });
    return outcome;
  }
}

async function attempt(check: Check): Promise<CheckOutcome> {
  try {
    return await check.run();
  } catch (error) {
    return { status: 'unchecked', reason: `the check failed: ${nameOf(error)}` };
  }
}

/** The code or the class of an error. Its message may quote an address with its password. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unnamed';
  return identifierEvidence('code' in error && typeof error.code === 'string' ? error.code : error.name);
}

function expiry(ms: number): { promise: Promise<CheckOutcome>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<CheckOutcome>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'unchecked', reason: `no answer within ${ms / 1_000} s` }), ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
