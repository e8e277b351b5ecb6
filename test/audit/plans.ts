import type { Logger } from 'typeorm';
import type { TestApp } from '../support/app.js';

export interface Plan {
  readonly statement: string;
  readonly plan: string;
  /** Whether a table is read from end to end, or sorted as a whole. */
  readonly scans: boolean;
}

interface Logged {
  readonly statement: string;
  readonly parameters: readonly unknown[];
}

/** The plans of every SELECT that `work` runs, as the database explains them. */
export async function plansOf({ dataSource }: TestApp, work: () => Promise<unknown>): Promise<readonly Plan[]> {
  const logged: Logged[] = [];
  const before = dataSource.logger;
  const keep = (statement: string, parameters?: readonly unknown[]): void => {
    if (statement.startsWith('SELECT')) logged.push({ statement, parameters: parameters ?? [] });
  };
  const logger: Logger = {
    logQuery: keep,
    logQueryError: () => undefined,
    logQuerySlow: () => undefined,
    logSchemaBuild: () => undefined,
    logMigration: () => undefined,
    log: () => undefined,
  };
  Object.assign(dataSource, { logger });
  try {
    await work();
  } finally {
    Object.assign(dataSource, { logger: before });
  }
  const plans: Plan[] = [];
  const explain = dataSource.options.type === 'postgres' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
  for (const { statement, parameters } of logged) {
    const rows = await dataSource.query<Record<string, unknown>[]>(`${explain} ${statement}`, [...parameters]);
    const plan = rows.map((row) => String(row['QUERY PLAN'] ?? row['detail'])).join('\n');
    plans.push({ statement: `${statement}\n${plan}`, plan, scans: scansTable(plan) });
  }
  return plans;
}

function scansTable(plan: string): boolean {
  if (/Seq Scan/.test(plan)) return true;
  // SQLite: `SCAN t USING INDEX` follows an index in order.
  return /^SCAN (?!.*USING (?:COVERING )?INDEX)/m.test(plan) || /USE TEMP B-TREE FOR ORDER BY$/m.test(plan);
}
