import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addProbe } from '../../lib/cli/commands/probe.command.js';
import { probePlan, type ProbePlan } from '../../lib/cli/probe/probe-plan.js';
import type { ActiveSetup } from '../../lib/cli/probe/probe-setup.js';
import { probeTarget } from '../../lib/cli/probe/probe-target.js';
import { page, prose, rowsUnder } from './pages.js';

const probe = page('docs/probe.md');
const target = probeTarget('https://api.example.com', { path: '/auth', guarded: [], docsPath: [] });
const plan = (active?: ActiveSetup): ProbePlan => probePlan(target, active, () => 0);
const known = (password?: string) => ({ email: 'ada@example.com', password });

it('docs/probe.md lists every check in the order of the report', () => {
  const listed = rowsUnder(probe, 'id').map(([id, severity, title, source]) => ({ id, severity, title, source }));
  expect(listed).toEqual(plan().checks.map(({ id, severity, title, source }) => ({ id, severity, title, source })));
});

it('docs/probe.md says how much is sent', () => {
  const [reading, active, compared, forged] = [
    plan(),
    plan({ known: undefined, forgedAddresses: false }),
    plan({ known: known('a password'), forgedAddresses: false }),
    plan({ known: known('a password'), forgedAddresses: true }),
  ].map(({ requests }) => requests.length) as [number, number, number, number];
  expect(Math.round(reading / 10) * 10).toBe(80);
  expect([active - reading, compared - active, forged - compared]).toEqual([14, 10, 22]);
  expect(plan().connections).toBe(3);
  for (const words of ['some 80 requests', 'adds 14 requests, and 10 more', 'sends 22 wrong', 'three TLS handshakes']) {
    expect(prose(probe)).toContain(words);
  }
});

it('docs/probe.md lists every option of the command', () => {
  const program = new Command();
  addProbe(program);
  const options = program.commands[0]!.options.map(({ flags }) => flags);
  expect(rowsUnder(probe, 'option').map(([flags]) => flags)).toEqual(expect.arrayContaining(options));
  expect(rowsUnder(probe, 'option')).toHaveLength(options.length);
});
