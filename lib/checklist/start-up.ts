import { Injectable, Logger } from '@nestjs/common';
import { StartUpError } from '../errors/start-up-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { StateStore } from '../store/state-store.js';
import { Checklist } from './checklist.js';
import { lineOf, type ChecklistEntry, type ChecklistReport } from './report.js';

const REFUSED =
  'the production checklist refuses this start. Change what it names, or accept a finding with a reason in checklist.accept.';

/**
 * Runs the checklist once while the application starts. `AuthModule` calls it in its own `onModuleInit`: after the
 * providers of Gatehouse are ready, before the modules of the host begin their work.
 */
@Injectable()
export class StartUpChecklist {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly settings: AuthSettings,
    private readonly checklist: Checklist,
    private readonly store: StateStore,
  ) {}

  /** @throws StartUpError that lists everything which refuses the start. */
  async run(): Promise<void> {
    const problems = [...this.checklist.problems(), ...this.unsharedState()];
    const { environment } = this.settings;
    if (environment === 'production') return this.judge(await this.checklist.report(), problems);
    if (problems.length > 0) throw new StartUpError('these options cannot be.', problems);
    if (environment === 'development') this.summarise(await this.checklist.report());
  }

  /** Several instances with a memory each would forget each other's revocations: refused everywhere, with no way round. */
  private unsharedState(): readonly string[] {
    const { instances, environment, checklist } = this.settings;
    if (instances === 1 || this.store.kind === 'shared') return [];
    // In production the check of the same name says it, unless its finding is accepted.
    if (environment === 'production' && checklist.accept['store.memory-instances'] === undefined) return [];
    return [
      `instances: ${instances} with state in the memory of each. Set redis.url or redis.cluster, or instances: 1.`,
    ];
  }

  private judge({ entries, counts }: ChecklistReport, problems: readonly string[]): void {
    const refusals = entries.filter((entry) => entry.outcome === 'finding' && entry.severity === 'refuse');
    if (refusals.length + problems.length > 0) throw new StartUpError(REFUSED, [...problems, ...refusals.map(lineOf)]);
    for (const entry of entries) this.print(entry);
    this.logger.log(`Production checklist: ${counts.passed} of ${entries.length} checks passed.`);
  }

  private print(entry: ChecklistEntry): void {
    if (entry.outcome === 'passed') return;
    const quiet = entry.outcome === 'accepted' || (entry.outcome === 'finding' && entry.severity === 'note');
    if (quiet) this.logger.log(lineOf(entry));
    else this.logger.warn(lineOf(entry));
  }

  private summarise({ entries, counts }: ChecklistReport): void {
    const refusing = entries.filter((entry) => entry.outcome === 'finding' && entry.severity === 'refuse');
    const names = refusing.length === 0 ? '' : ` (${refusing.map(({ id }) => id).join(', ')})`;
    this.logger.log(`In production the checklist would refuse ${counts.refuse}${names} and warn of ${counts.warn}.`);
  }
}
