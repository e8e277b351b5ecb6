export type CheckSeverity = 'refuse' | 'warn' | 'note';

export type CheckArea =
  | 'keys'
  | 'cookies'
  | 'sessions'
  | 'tokens'
  | 'passwords'
  | 'attempts'
  | 'store'
  | 'database'
  | 'network'
  | 'access'
  | 'accounts'
  | 'audit'
  | 'mail'
  | 'oauth'
  | 'testing';

/** Typed fields only: a number, a flag, one of a closed set, the name of an option, a host. Never free text of an option. */
export type Evidence = Readonly<Record<string, number | boolean | EvidenceText | readonly EvidenceText[]>>;

declare const safe: unique symbol;

/** Text that has been made safe for evidence by one of the functions of `evidence.ts`. */
export type EvidenceText = string & { readonly [safe]: true };

export type CheckOutcome =
  /** With evidence where there is something to see, such as a time that was measured. */
  | { readonly status: 'passed'; readonly evidence?: Evidence }
  | { readonly status: 'finding'; readonly evidence: Evidence; readonly change: string }
  | { readonly status: 'unchecked'; readonly reason: string };

/**
 * What a check does beside judging options and code: `asks` a database, a store or a mail server; `acts`, and so proves by
 * doing, at most every ten minutes.
 */
export type CheckWork = 'asks' | 'acts';

/** One line of the production checklist. */
export interface Check {
  /** Stable, `area.name`: the key of `checklist.accept`. */
  readonly id: string;
  readonly title: string;
  readonly area: CheckArea;
  readonly severity: CheckSeverity;
  /** The standard or guide that asks for it, such as `ASVS 5.0 V3.3.1`. */
  readonly source: string;
  readonly work?: CheckWork;
  run(): CheckOutcome | Promise<CheckOutcome>;
}

/** What a folder contributes to the checklist: a provider that makes its checks. */
export abstract class CheckSource {
  abstract checks(): readonly Check[];
}

export const passed: CheckOutcome = { status: 'passed' };
