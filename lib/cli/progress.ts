const EVERY_MS = 2_000;
const REDRAWN_EVERY_MS = 100;

/** Where progress is shown: `process.stderr`, so that what a command prints may be piped. */
export interface ProgressScreen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How far long work has come: on a terminal one line that is written again and again, elsewhere a line now and then. */
export class Progress {
  private shownAt = Number.NEGATIVE_INFINITY;
  private isOpen = false;

  constructor(private readonly screen: ProgressScreen = process.stderr) {}

  say(text: string): void {
    const now = performance.now();
    if (now - this.shownAt < (this.screen.isTTY === true ? REDRAWN_EVERY_MS : EVERY_MS)) return;
    this.shownAt = now;
    if (this.screen.isTTY !== true) return void this.screen.write(`${text}\n`);
    // A line that wraps cannot be taken back.
    this.screen.write(`\r\u001B[2K${text.slice(0, (this.screen.columns ?? 80) - 1)}`);
    this.isOpen = true;
  }

  /** Leaves the line for what is printed next. */
  end(): void {
    if (this.isOpen) this.screen.write('\r\u001B[2K');
    this.isOpen = false;
    this.shownAt = Number.NEGATIVE_INFINITY;
  }
}
