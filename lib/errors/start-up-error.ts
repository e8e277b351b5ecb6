/** Gatehouse refuses to start. The message lists every problem at once, each with the key to set or the line to change. */
export class StartUpError extends Error {
  override readonly name = 'StartUpError';

  constructor(
    title: string,
    readonly problems: readonly string[],
  ) {
    super([`Gatehouse: ${title}`, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  }
}
