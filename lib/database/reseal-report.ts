/** How much text one column holds under one key. */
export interface SealedCount {
  /** `table.property`, such as `auth_totp.sealed`. */
  readonly column: string;
  /** Key id of the secret that sealed it; `undefined`: it is no sealed text. */
  readonly kid: string | undefined;
  readonly rows: number;
  /** `current`: under the present secret. `opens`: under another that is configured. `lost`: under none of them. */
  readonly standing: 'current' | 'opens' | 'lost';
}

/** How far a run has come. */
export interface ResealProgress {
  readonly column: string;
  /** Rows looked at, of all columns. */
  readonly seen: number;
  readonly resealed: number;
}

export interface ResealOptions {
  /** Rows read at a time. Default 200. */
  readonly batch?: number;
  /** Ends the run after the batch at hand. */
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (progress: ResealProgress) => void;
}

export interface ResealReport {
  /** Rows that are under the present secret now, and were not. */
  readonly resealed: number;
  /** Rows that somebody else changed or deleted in the meantime, left as they are. */
  readonly overtaken: number;
  /** Rows that do not open: their secret is not configured, or the text is not what was sealed. Left as they are. */
  readonly unopened: number;
  /** Whether the run was ended before it had seen everything. */
  readonly interrupted: boolean;
}
