import type { Command } from 'commander';
import { SystemClock } from '../../common/clock.js';
import { EXIT } from '../exit-codes.js';
import { knownPassword, PASSWORD_VARIABLE } from '../probe/known-password.js';
import { announcement, probePlan } from '../probe/probe-plan.js';
import { ProbeSender } from '../probe/probe-sender.js';
import type { ActiveSetup } from '../probe/probe-setup.js';
import { probeTarget } from '../probe/probe-target.js';
import { probeText } from '../probe/probe-text.js';
import { runProbe } from '../probe/run-probe.js';
import { Refusal } from '../refusal.js';
import { teach } from '../teach.js';

interface ProbeFlags {
  readonly path: string;
  readonly docsPath: readonly string[];
  readonly guarded: readonly string[];
  readonly ca?: string;
  readonly active?: boolean;
  readonly knownAccount?: string;
  readonly forgedAddresses?: boolean;
  readonly json?: boolean;
}

const HELP = `
By itself it reads: GET, HEAD and OPTIONS without credentials. With --active it also sends sign-ins with wrong
passwords for invented accounts, and says before it starts how many requests of which kind. It registers nobody,
asks for no mail, follows no redirect, and ends at the first answer of 500 and above. Probe only what is yours.

A password is never taken from the command line: that of the known account comes from ${PASSWORD_VARIABLE}, or is
asked for at a terminal. With it the cookies of one sign-in are looked at.`;

const several = (value: string, before: readonly string[]): string[] => [...before, value];

export function addProbe(program: Command): void {
  const command = program
    .command('probe')
    .description('Look at a running deployment from outside')
    .argument('<url>', 'where browsers reach it, with the prefix of its paths if there is one')
    .option('--path <path>', "the module's path", '/auth')
    .option('--docs-path <path>', 'another path where API docs may be; repeatable', several, [])
    .option(
      '--guarded <path>',
      'a path of yours that must be closed to strangers in every spelling; repeatable',
      several,
      [],
    )
    .option('--ca <file>', 'certificates to trust beside those of Node.js, as PEM')
    .option('--active', 'also send wrong sign-ins and malformed bodies')
    .option('--known-account <email>', 'with --active: an account of yours, to compare with one that does not exist')
    .option('--forged-addresses', 'with --active: whether X-Forwarded-For is believed; uses up your attempts')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(probe);
  teach(command, {
    examples: [
      'gatehouse probe https://api.example.com',
      'gatehouse probe https://api.example.com --active --known-account you@example.com',
      'gatehouse probe http://localhost:3000 --guarded /orders --json',
    ],
    exits: {
      [EXIT.good]: 'nothing that must be changed; there may be warnings',
      [EXIT.findings]: 'something that must be changed',
      [EXIT.failed]: 'there is no Gatehouse to be reached at this address',
    },
  });
}

async function probe(url: string, flags: ProbeFlags): Promise<void> {
  const target = probeTarget(url, flags);
  const active = await activeSetup(flags);
  if (active?.known?.password !== undefined && !target.isTls && !target.isLoopback) {
    throw new Refusal('The password of an account is not sent over plain http.', EXIT.usage);
  }
  const clock = new SystemClock();
  const plan = probePlan(target, active, () => clock.now());
  // On the other stream: what --json prints is one document.
  for (const line of announcement(plan)) console.error(line);
  const report = await runProbe(plan, new ProbeSender(target), () => clock.now());
  console.log(flags.json === true ? JSON.stringify(report, null, 2) : `\n${probeText(report)}`);
  process.exitCode = report.counts.refuse > 0 ? EXIT.findings : EXIT.good;
}

async function activeSetup(flags: ProbeFlags): Promise<ActiveSetup | undefined> {
  const { active, knownAccount, forgedAddresses } = flags;
  if (active !== true) {
    if (knownAccount === undefined && forgedAddresses !== true) return undefined;
    throw new Refusal('--known-account and --forged-addresses go with --active.', EXIT.usage);
  }
  if (knownAccount === undefined) return { known: undefined, forgedAddresses: forgedAddresses === true };
  if (!/^[^\s@]{1,64}@[^\s@]{1,189}$/.test(knownAccount)) {
    throw new Refusal('--known-account must be an e-mail address.', EXIT.usage);
  }
  const password = await knownPassword(knownAccount);
  return { known: { email: knownAccount, password }, forgedAddresses: forgedAddresses === true };
}
