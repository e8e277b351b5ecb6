/** How a command ends. */
export const EXIT = {
  /** It did what was asked; of `doctor` and `probe`: nothing that refuses a start. */
  good: 0,
  /** Findings: what it looked at is not fit for production. */
  findings: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** It could not be done: a file, a database or a host that cannot be reached. */
  failed: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
