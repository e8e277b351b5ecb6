import type { Answer } from '../../support/client.js';
import type { Run } from './run.js';
import type { Stand } from './stand.js';

/** An operation that is about to be carried out, and what must be true of whoever asked for it. */
export interface Operation {
  /** Of its answer, when nothing stands in its way. */
  readonly status: number;
  send(): Promise<Answer>;
  /** Afterwards: with the answer if it was acknowledged. Ends with the operation done, at the first or a later try. */
  check(acknowledged: Answer | undefined): Promise<void>;
  /** Whose sign-in it is, and whether what was answered lets them in. */
  readonly signsIn?: {
    readonly userId: string;
    letsIn(answer: Answer): Promise<boolean>;
  };
}

export type Begin = (stand: Stand, run: Run) => Promise<Operation>;

export type Operations = Readonly<Record<string, Begin>>;
