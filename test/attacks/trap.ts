/** A mistake that others have made, the test that shows it is not made here, and the lines that the test is for. */
export interface Trap {
  readonly id: string;
  /** What goes wrong without the defence, in plain words. */
  readonly title: string;
  /** The spec file, and what the name of its test holds. */
  readonly spec: string;
  readonly test: string;
  /** Of the same test on several stands, what the name of one of them holds. Default: all of them. */
  readonly where?: string;
  /** The file of `lib/` with the defence, its very text, which stands there once, and what stands there without it. */
  readonly file: string;
  readonly defence: string;
  readonly without: string;
}
