/** Columns of an account whose wrong passwords in a row count no longer. */
export const NO_FAILURES = { failedInRow: 0, failedInRowKnown: 0 } as const;
