import type { Answer } from '../../support/client.js';
import type { MortalApp } from './mortal-app.js';

/** A request that may be cut short at any step, and what must be true of whoever made it. */
export interface DoomedRequest {
  /** Of its answer, when nothing cuts it short. */
  readonly status: number;
  send(dieAt?: string): Promise<Answer>;
  /** After the restart: with the answer, if the client got to see one. */
  check(answer: Answer | undefined): Promise<void>;
}

export type Begin = (app: MortalApp) => Promise<DoomedRequest>;

export type Operations = Readonly<Record<string, Begin>>;
