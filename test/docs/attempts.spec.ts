import { expect, it } from 'vitest';
import { budgetTableMarkdown } from '../../lib/attempts/budget-table.js';
import {
  ATTEMPT_BUDGETS,
  FAILED_IN_ROW_LIMIT,
  ROUTE_BUDGETS,
  SHARED_ADDRESS_FACTOR,
  SUPERNET_FACTOR,
} from '../../lib/attempts/budgets.js';
import { page } from './pages.js';

const { text } = page('docs/attempts.md');

it('docs/attempts.md holds the table of budgets as the code prints it', () => {
  expect(text).toContain(`\n\n${budgetTableMarkdown()}\n\n`);
});

it('its text and docs/http.md repeat the numbers of the table', () => {
  const { passwordByAccount, passwordByAddress, passwordByDevice } = ATTEMPT_BUDGETS;
  expect([passwordByAccount.limit, passwordByDevice.limit, FAILED_IN_ROW_LIMIT]).toEqual([5, 5, 100]);
  expect(text).toContain('the fifth failure within 15 min locks for 1 min');
  expect(passwordByAddress.limit).toBe(20);
  expect(text).toContain('20 wrong passwords, refilled one a minute');
  expect([SHARED_ADDRESS_FACTOR, SUPERNET_FACTOR]).toEqual([25, 5]);
  expect(text).toContain('by /48 with five times the number');
  expect(text).toContain('hold 25 times as much');

  const http = page('docs/http.md').text;
  const { register, anonymous, signedInReads, signedInWrites } = ROUTE_BUDGETS;
  for (const numbers of [
    `${register.limit} an hour for each address`,
    `${anonymous.limit} a minute for each address`,
    `${signedInReads.limit} a minute for each session`,
    `${signedInWrites.limit} a minute for each session`,
  ]) {
    expect(http).toContain(numbers);
  }
});
