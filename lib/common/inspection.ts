/** A process that looks at an application and does not run it, as `gatehouse doctor` does. */
export interface Inspection {
  /** Nothing is connected: options and code alone are judged. */
  readonly onlyOptions: boolean;
}

// Shared by the copies of this package that one process may hold: that of the command line, and the application's own.
const INSPECTION = Symbol.for('gatehouse:inspection');

type Holder = { [INSPECTION]?: Inspection };

/** `undefined` in a process that serves. */
export function currentInspection(): Inspection | undefined {
  return (globalThis as Holder)[INSPECTION];
}

/** Returns what ends it. */
export function beginInspection(inspection: Inspection): () => void {
  const holder = globalThis as Holder;
  holder[INSPECTION] = inspection;
  return () => delete holder[INSPECTION];
}
