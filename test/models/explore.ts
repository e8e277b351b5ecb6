/** One atomic step of one actor, and where it leads. */
export interface Step<S> {
  readonly name: string;
  readonly next: S;
}

/** A protocol written down as states and atomic steps. States are plain data and are never changed in place. */
export interface Model<S> {
  readonly initial: S;
  /** Every step that any actor, the clock or a fault may take from here. */
  steps(state: S): readonly Step<S>[];
  /** The name of an invariant that the state breaks. */
  broken(state: S): string | undefined;
  /** Whether everybody may stand still here. A state without steps that says no is a deadlock. */
  settled(state: S): boolean;
  /** Another name of the state, the same for states that differ in nothing but who is called what. Default: the state. */
  canonical?(state: S): unknown;
}

export interface Outcome {
  readonly states: number;
  readonly steps: number;
  /** The shortest way into trouble; `undefined` when there is none. */
  readonly found: Counterexample | undefined;
}

export interface Counterexample {
  readonly what: string;
  readonly trace: readonly string[];
}

interface Seen<S> {
  readonly state: S;
  readonly from: Seen<S> | undefined;
  readonly by: string;
}

const MOST_STATES = 200_000;

/** Walks through every interleaving, the shortest first, until one breaks an invariant or none is left. */
export function explore<S>(model: Model<S>): Outcome {
  const first: Seen<S> = { state: model.initial, from: undefined, by: 'start' };
  const known = new Set([keyOf(model, model.initial)]);
  const queue = [first];
  let steps = 0;
  for (let head = 0; head < queue.length; head += 1) {
    const seen = queue[head]!;
    const done = (what: string): Outcome => ({ states: known.size, steps, found: { what, trace: wayTo(seen) } });
    const broken = model.broken(seen.state);
    if (broken !== undefined) return done(broken);
    const next = model.steps(seen.state);
    if (next.length === 0 && !model.settled(seen.state)) return done('deadlock');
    for (const step of next) {
      steps += 1;
      const key = keyOf(model, step.next);
      if (known.has(key)) continue;
      known.add(key);
      queue.push({ state: step.next, from: seen, by: step.name });
    }
    if (known.size > MOST_STATES) throw new Error(`More than ${MOST_STATES} states: the model has no bound`);
  }
  return { states: known.size, steps, found: undefined };
}

/** The way into trouble, one step a line, for the message of a test. */
export function told({ found }: Outcome): string {
  return found === undefined ? 'holds' : `${found.what}\n${found.trace.map((line) => `  ${line}`).join('\n')}`;
}

function wayTo<S>(seen: Seen<S>): string[] {
  const way: string[] = [];
  for (let at: Seen<S> | undefined = seen; at !== undefined; at = at.from) way.push(at.by);
  way.reverse();
  way.push(JSON.stringify(seen.state));
  return way;
}

/** States that differ in the order of their keys alone are taken for two: that costs time, and hides nothing. */
function keyOf<S>(model: Model<S>, state: S): string {
  return JSON.stringify(model.canonical === undefined ? state : model.canonical(state));
}

/** Actors of one kind are told apart by nothing but what they do: their order is no part of a state. */
export function inAnyOrder(actors: readonly unknown[]): readonly string[] {
  return actors.map((actor) => JSON.stringify(actor)).sort();
}

/** The list with one entry replaced. */
export function put<A>(actors: readonly A[], index: number, actor: A): readonly A[] {
  return actors.map((other, at) => (at === index ? actor : other));
}
