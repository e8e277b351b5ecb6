/** An answer that is waited for. */
export interface AwaitedReply {
  readonly dueAt: number;
  readonly expire: () => void;
  settled: boolean;
  next: AwaitedReply | undefined;
}

/**
 * One deadline for all answers of a connection, with one timer: as all may take equally long, they are due in the order in
 * which they were asked for. A timer for each would be most of what a command costs.
 */
export class ReplyDeadline {
  private first: AwaitedReply | undefined;
  private last: AwaitedReply | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(private readonly ms: number) {}

  /** @param expire is called once, if `settle` is not called in time. */
  begin(expire: () => void): AwaitedReply {
    const reply: AwaitedReply = { dueAt: performance.now() + this.ms, expire, settled: false, next: undefined };
    if (this.last === undefined) this.first = reply;
    else this.last.next = reply;
    this.last = reply;
    this.timer ??= setTimeout(this.onTimer, this.ms);
    return reply;
  }

  settle(reply: AwaitedReply): void {
    reply.settled = true;
    while (this.first?.settled === true) this.drop(this.first);
    if (this.ended) this.end();
  }

  /** From now on the timer does not outlive what is still waited for, and keeps no process. */
  end(): void {
    this.ended = true;
    if (this.first !== undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  // An answer that already lies in the socket is read before `setImmediate` runs: a busy event loop is not a slow Redis.
  private readonly onTimer = (): void => {
    const now = performance.now();
    setImmediate(() => this.expire(now));
  };

  private expire(now: number): void {
    this.timer = undefined;
    while (this.first !== undefined && (this.first.settled || this.first.dueAt <= now)) {
      const reply = this.first;
      this.drop(reply);
      if (!reply.settled) reply.expire();
    }
    if (this.first === undefined) return;
    // What was asked for meanwhile is due later.
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onTimer, Math.max(1, Math.ceil(this.first.dueAt - performance.now())));
  }

  /** What was dropped leads to nothing that is younger: the collector would keep both. */
  private drop(reply: AwaitedReply): void {
    this.first = reply.next;
    if (this.first === undefined) this.last = undefined;
    reply.next = undefined;
  }
}
