import type { DataSource } from 'typeorm';
import type { ChecklistEntry, ChecklistReport } from '../../checklist/report.js';
import { START_UP_RULES, startUpProblems, type StartUpRule } from '../../checklist/start-up-rules.js';
import { hostEvidence } from '../../checklist/evidence.js';
import { beginInspection } from '../../common/inspection.js';
import { databaseAddress } from '../../database/database-address.js';
import type { RedisDiagnostics } from '../../store/redis-state-store.js';
import type { LoadedApplication } from '../application.js';

/** Where the application looks. Hosts alone: never a user, a password or a path. */
export interface Places {
  readonly environment: string;
  readonly databases: readonly string[];
  readonly store: string;
}

/** What `doctor` found, as `--json` prints it. */
export interface Examination {
  /** Fit for production: nothing refuses a start. */
  readonly fit: boolean;
  /** What refuses the start beside the checks: options that cannot be, tables that are missing. */
  readonly problems: readonly string[];
  /** What may refuse the start beside the checks and could not be looked at, each with the reason. Counts as `warn`. */
  readonly unchecked: readonly string[];
  /** `undefined` when the options cannot be: no check could run. */
  readonly report: ChecklistReport | undefined;
  readonly places: Places | undefined;
}

export interface ExaminationOptions {
  /** Options and code alone: nothing is connected. */
  readonly onlyOptions: boolean;
  /** Told before the checks begin. */
  readonly onPlaces?: (places: Places) => void;
}

/** Makes the application and runs its checklist. */
export async function examine(
  load: () => Promise<LoadedApplication>,
  options: ExaminationOptions,
): Promise<Examination> {
  const end = beginInspection(options);
  try {
    return await lookAt(await load(), options);
  } catch (error) {
    const problems = problemsOf(error);
    if (problems === undefined) throw error;
    return { fit: false, problems, unchecked: [], report: undefined, places: undefined };
  } finally {
    end();
  }
}

async function lookAt(loaded: LoadedApplication, options: ExaminationOptions): Promise<Examination> {
  const { app, gatehouse } = loaded;
  try {
    const places = await placesOf(loaded, options);
    options.onPlaces?.(places);
    const checklist = app.get(gatehouse.Checklist, { strict: false });
    const rules = app.get<readonly StartUpRule[]>(START_UP_RULES, { strict: false });
    // Before the checks: some tell what was counted here.
    const { problems, unchecked } = await startUpProblems(rules.filter(({ asks }) => !asks || !options.onlyOptions));
    const report = await (options.onlyOptions ? checklist.judgeOptions() : checklist.report());
    const all = [...checklist.problems(), ...problems];
    return { fit: all.length === 0 && report.counts.refuse === 0, problems: all, unchecked, report, places };
  } finally {
    await loaded.close();
  }
}

async function placesOf({ app, gatehouse, dataSources }: LoadedApplication, { onlyOptions }: ExaminationOptions) {
  const { environment } = app.get(gatehouse.Checklist, { strict: false });
  const store = app.get(gatehouse.StateStore, { strict: false });
  const asked = store as Partial<{ diagnostics(): Promise<RedisDiagnostics> }>;
  const where = store.kind === 'memory' || onlyOptions ? undefined : await asked.diagnostics?.().catch(() => undefined);
  return {
    environment,
    databases: dataSources.map(placeOf),
    store:
      store.kind === 'memory' ? 'memory of the process' : where === undefined ? 'shared' : hostEvidence(where.host),
  };
}

function placeOf(dataSource: DataSource): string {
  const { host } = databaseAddress(dataSource);
  const { type } = dataSource.options;
  return host === undefined ? `${type} of this machine` : `${type} at ${hostEvidence(host)}`;
}

/** By name: the error is that of the application's copy of this package. */
function problemsOf(error: unknown): readonly string[] | undefined {
  const { name, problems } = (error ?? {}) as { readonly name?: unknown; readonly problems?: unknown };
  return name === 'StartUpError' && Array.isArray(problems) ? (problems as readonly string[]) : undefined;
}

/** Entries by area, in the order of the checklist. */
export function byArea(entries: readonly ChecklistEntry[]): ReadonlyMap<string, readonly ChecklistEntry[]> {
  const areas = new Map<string, ChecklistEntry[]>();
  for (const entry of entries) areas.set(entry.area, [...(areas.get(entry.area) ?? []), entry]);
  return areas;
}
