import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/duration.js';
import {
  ATTEMPT_BUDGETS,
  FAILED_IN_ROW_LIMIT,
  MAIL_BUDGETS,
  ROUTE_BUDGETS,
  type BudgetAnswer,
  type BudgetSubject,
} from './budgets.js';

/** One budget in words. */
export interface BudgetLine {
  readonly name: string;
  readonly kind: 'rate' | 'lockout' | 'bucket' | 'in-a-row';
  readonly by: BudgetSubject;
  readonly limit: number;
  readonly window: string;
  readonly answer: BudgetAnswer;
}

const UNITS = [
  [DAY_MS, 'd'],
  [HOUR_MS, 'h'],
  [MINUTE_MS, 'min'],
  [SECOND_MS, 's'],
] as const;

/** Every budget there is, for documentation and for tests that hold it to the code. */
export function budgetTable(): readonly BudgetLine[] {
  const all = Object.entries({ ...ROUTE_BUDGETS, ...MAIL_BUDGETS, ...ATTEMPT_BUDGETS });
  return [
    ...all.map(([name, budget]) => ({
      name,
      kind: budget.kind,
      by: budget.by,
      limit: budget.limit,
      window: windowOf(budget),
      answer: budget.answer,
    })),
    {
      name: 'failedInRow',
      kind: 'in-a-row',
      by: 'account',
      limit: FAILED_IN_ROW_LIMIT,
      window: 'until a complete sign-in, reset or unlock',
      answer: 'silent',
    },
  ];
}

/** {@link budgetTable} as a Markdown table. */
export function budgetTableMarkdown(): string {
  const rows = budgetTable().map(
    (line) => `| \`${line.name}\` | ${line.by} | ${line.limit} | ${line.window} | ${line.answer} |`,
  );
  return ['| budget | by | limit | window | answer |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** `90000` as `90 s`, `3600000` as `1 h`: the largest unit that divides it. */
export function spelledDuration(ms: number): string {
  const [unitMs, unit] = UNITS.find(([size]) => ms % size === 0) ?? [1, 'ms'];
  return `${ms / unitMs} ${unit}`;
}

type Budget =
  | (typeof ROUTE_BUDGETS)[keyof typeof ROUTE_BUDGETS]
  | (typeof MAIL_BUDGETS)[keyof typeof MAIL_BUDGETS]
  | (typeof ATTEMPT_BUDGETS)[keyof typeof ATTEMPT_BUDGETS];

function windowOf(budget: Budget): string {
  if (budget.kind === 'bucket') return `refills 1 in ${spelledDuration(budget.refillMs)}`;
  if (budget.kind === 'rate') return spelledDuration(budget.windowMs);
  const then = budget.by === 'device' ? 'the cookie is ignored' : 'locked';
  const ladder = budget.maxLockMs > budget.lockMs ? `, doubling to ${spelledDuration(budget.maxLockMs)}` : '';
  return `${spelledDuration(budget.windowMs)}, then ${then} for ${spelledDuration(budget.lockMs)}${ladder}`;
}
