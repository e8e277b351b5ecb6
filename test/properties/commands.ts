import fc from 'fast-check';
import { afterFortnight, explanations, newWorld, type Operation, type Request, type World } from './reference.js';
import { People } from './people.js';
import type { Stand } from './stand.js';

const USERS = 2;
const MOST_AT_ONCE = 4;
const FORTNIGHT_MS = 15 * 86_400_000;

/** What is planned before anybody knows which sessions there will be. */
interface Plan {
  readonly kind: Operation['kind'];
  readonly user: number;
  readonly session: number;
  /** How far behind the latest refresh token, or the password of now. */
  readonly behind: number;
}

interface Known {
  /** Every world that the answers so far allow. */
  worlds: readonly World[];
  batches: number;
}

interface Real {
  readonly stand: Stand;
  readonly people: People;
}

class AtOnce implements fc.AsyncCommand<Known, Real> {
  constructor(private readonly plans: readonly Plan[]) {}

  check(): boolean {
    return true;
  }

  async run(known: Known, { stand, people }: Real): Promise<void> {
    const batch = (known.batches += 1);
    const requests = this.plans.flatMap((plan, index) => request(plan, `${batch}.${index}`, known, people) ?? []);
    const now = stand.clock.now();
    const answered = await Promise.all(requests.map(async (sent) => [sent.name, await people.send(sent)] as const));
    const worlds = explanations(known.worlds, requests, new Map(answered), now);
    if (worlds.length === 0) throw new Error(`No order explains ${told(requests, answered)}`);
    known.worlds = worlds;
  }

  toString(): string {
    return this.plans.map(({ kind, user, session, behind }) => `${kind}(${user},${session},${behind})`).join(' | ');
  }
}

class Wait implements fc.AsyncCommand<Known, Real> {
  constructor(private readonly ms: number) {}

  check(): boolean {
    return true;
  }

  run(known: Known, { stand }: Real): Promise<void> {
    stand.clock.advance(this.ms);
    if (this.ms === FORTNIGHT_MS) known.worlds = known.worlds.map(afterFortnight);
    return Promise.resolve();
  }

  toString(): string {
    return `wait(${this.ms})`;
  }
}

function told(requests: readonly Request[], answered: readonly (readonly [string, string])[]): string {
  return requests.map(({ operation }, index) => `${JSON.stringify(operation)} -> ${answered[index]![1]}`).join(', ');
}

/** What the plan comes to by now; `undefined` where there is no session that it could be about. */
function request(plan: Plan, name: string, { worlds }: Known, people: People): Request | undefined {
  const { kind, user, behind } = plan;
  if (kind === 'login' || kind === 'token') {
    const password = Math.max(0, worlds[0]!.users[user]!.password - Math.max(0, behind - 1));
    return { name, operation: { kind, user, password } };
  }
  if (kind === 'read' || kind === 'logout' || kind === 'end-others') {
    const session = picked(people.sessions, plan);
    return session === undefined ? undefined : { name, operation: { kind, session } };
  }
  if (kind !== 'refresh') return { name, operation: { kind, user } };
  const families = people.sessions.filter((session) => people.hasTokens(session));
  const session = picked(families, plan);
  if (session === undefined) return undefined;
  return { name, operation: { kind, session, presented: Math.max(0, people.latest(session) - behind) } };
}

/** The latest ones first: most of what is old is over. */
function picked(sessions: readonly string[], { session }: Plan): string | undefined {
  return sessions.at(-1 - (session % Math.max(1, sessions.length)));
}

const KINDS: readonly (readonly [Operation['kind'], number])[] = [
  ['register', 2],
  ['login', 4],
  ['token', 5],
  ['read', 5],
  ['refresh', 8],
  ['logout', 2],
  ['end-others', 1],
  ['end-all', 1],
  ['disable', 1],
  ['enable', 2],
  ['new-password', 1],
];

const plans = fc.record<Plan>({
  kind: fc.oneof(...KINDS.map(([kind, weight]) => ({ arbitrary: fc.constant(kind), weight }))),
  user: fc.nat({ max: USERS - 1 }),
  session: fc.nat({ max: 3 }),
  behind: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat({ max: 3 }), weight: 2 }),
});

/** Plans that meet at one session more often than chance would have it. */
const meeting = fc
  .tuple(fc.array(plans, { minLength: 2, maxLength: MOST_AT_ONCE }), fc.nat({ max: 1 }))
  .map(([batch, session]) => batch.map((plan) => ({ ...plan, session, user: 0 })));

const opening: Plan = { kind: 'register', user: 0, session: 0, behind: 0 };

/** A life of two accounts that begins with a registered one. */
export function lives(most: number): fc.Arbitrary<Iterable<fc.AsyncCommand<Known, Real>>> {
  const batches = fc.array(plans, { minLength: 1, maxLength: MOST_AT_ONCE }).map((batch) => new AtOnce(batch));
  const races = meeting.map((batch) => new AtOnce(batch));
  const waits = fc.constantFrom(10_000, 31_000, FORTNIGHT_MS).map((ms) => new Wait(ms));
  const all = [batches, races, races, batches, races, waits];
  return fc.commands(all, { maxCommands: most, size: 'max' });
}

export interface Effort {
  readonly runs: number;
  readonly commands: number;
  readonly seed?: number;
}

export const EXPLAINED = 'every answer is explained';

/** Every answer of the application is one that the reference gives, in some order where requests were sent at once. */
export async function explained(stand: Stand, { runs, commands, seed }: Effort): Promise<string> {
  const property = fc.asyncProperty(lives(commands), async (life) => {
    const setup = async (): Promise<{ model: Known; real: Real }> => {
      const model: Known = { worlds: [newWorld(USERS)], batches: 0 };
      const real = { stand, people: new People(stand) };
      await new AtOnce([opening]).run(model, real);
      return { model, real };
    };
    await fc.asyncModelRun(setup, life);
  });
  const given = seed === undefined ? {} : { seed };
  // Not shrunk: a race that was lost once need not be lost again.
  const details = await fc.check(property, { numRuns: runs, ...given, endOnFailure: true });
  const { sent, unknown } = stand.tally;
  if (unknown > sent / 10) return `${unknown} of ${sent} requests were answered 503`;
  return details.failed ? `${String(details.errorInstance)}\n${fc.defaultReportMessage(details)}` : EXPLAINED;
}
