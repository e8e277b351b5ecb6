import { Logger } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/duration.js';
import type { RedisClient } from './redis-client.js';
import { redisEndpoint, type RedisEndpoint } from './redis-endpoint.js';
import { RedisLink } from './redis-link.js';
import type { RedisDiagnostics, RedisTransport, SendCommand } from './redis-transport.js';

export interface RedisConnectionOptions {
  readonly commandTimeoutMs: number;
  readonly clock: Clock;
  /** Makes an unconnected client in place of one that is stuck. Absent for a client that belongs to the application. */
  readonly makeClient?: () => RedisClient;
  /** It failed, or does not answer. */
  readonly onTrouble?: () => void;
}

const LOG_INTERVAL_MS = 10 * SECOND_MS;

/** A connection that outlives its sockets: it reconnects by itself and gives up a client that no longer answers. */
export class RedisConnection implements RedisTransport {
  readonly endpoint: RedisEndpoint;
  private readonly logger = new Logger('RedisStateStore');
  private link: RedisLink;
  /** On its way to take the place of one that is read-only. */
  private successor: RedisLink | undefined;
  private readyAt: number;
  private warned = false;
  private warnedAt = Number.NEGATIVE_INFINITY;

  /** @param client with a connection, or on the way to one. */
  constructor(
    client: RedisClient,
    private readonly options: RedisConnectionOptions,
  ) {
    this.endpoint = redisEndpoint(client.options);
    this.readyAt = options.clock.now();
    this.link = this.linkTo(client);
  }

  get client(): RedisClient {
    return this.link.client;
  }

  /** Whether its client is the store's own, not the application's. */
  get ours(): boolean {
    return this.options.makeClient !== undefined;
  }

  /** Whether it is connected and owes no answer. */
  get usable(): boolean {
    return this.link.usable;
  }

  run<T>(_key: string, work: (send: SendCommand) => Promise<T>, late?: (reply: T) => void): Promise<T> {
    return this.link.run((client) => work((args) => client.sendCommand(args)), late);
  }

  async ping(): Promise<void> {
    await this.run('', (send) => send(['PING']));
  }

  async diagnostics(): Promise<RedisDiagnostics> {
    const info = await this.run('', (send) => send(['INFO', 'memory']) as Promise<string>);
    const evictionPolicy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    return { ...this.endpoint, ...(evictionPolicy === undefined ? {} : { evictionPolicy }) };
  }

  /** Epoch ms when the client last became ready. */
  connectedAt(): number {
    return this.readyAt;
  }

  /** A client of the application stays open. */
  async close(): Promise<void> {
    const { client, usable } = this.link;
    this.link.retire();
    this.dropSuccessor();
    if (!this.ours) return;
    // What cannot be closed, a connection still being made or a Redis that hangs, must not keep the process.
    client.unref();
    const closed = usable && client.isReady ? client.quit() : client.isOpen ? client.disconnect() : Promise.resolve();
    await settledWithin(closed, this.options.commandTimeoutMs);
  }

  private linkTo(client: RedisClient): RedisLink {
    const link: RedisLink = new RedisLink(client, this.options.commandTimeoutMs, {
      ready: () => this.onReady(),
      failed: (reason) => this.onFailed(reason),
      caughtUp: () => this.onBack(),
      // What answers is not left for a successor that does not: the next refused write makes another.
      stuck: () => (link === this.successor ? this.dropSuccessor() : this.renew()),
      readOnly: () => this.replace(),
    });
    return link;
  }

  private renew(): void {
    this.onFailed('NO_ANSWER');
    if (this.options.makeClient === undefined) return;
    const stuck = this.link;
    const client = this.options.makeClient();
    this.dropSuccessor();
    this.link.retire();
    this.link = this.linkTo(client);
    discardClient(stuck.client);
    // It ends only with the client; failures on the way are `error` events.
    client.connect().catch(() => undefined);
  }

  /** What is read-only is left when there is another connection: by then it may well be written to again. */
  private replace(): void {
    this.onFailed('READONLY');
    if (this.options.makeClient === undefined || this.successor !== undefined) return;
    const client = this.options.makeClient();
    const next = this.linkTo(client);
    this.successor = next;
    client.connect().then(
      // One that was given up on the way may be connected all the same.
      () => (next === this.successor ? this.takeOver(next) : discardClient(client)),
      () => (next === this.successor ? this.dropSuccessor() : undefined),
    );
  }

  private takeOver(next: RedisLink): void {
    const before = this.link;
    this.successor = undefined;
    this.link = next;
    before.retire();
    before.client.unref();
    // By then what is on its way has been answered, or refused: one that hangs from now on is left all the same.
    setTimeout(() => discardClient(before.client), this.options.commandTimeoutMs).unref();
  }

  private dropSuccessor(): void {
    const dropped = this.successor;
    this.successor = undefined;
    dropped?.retire();
    if (dropped !== undefined) discardClient(dropped.client);
  }

  private onReady(): void {
    this.readyAt = this.options.clock.now();
    this.onBack();
  }

  private onFailed(reason: string): void {
    this.options.onTrouble?.();
    const now = this.options.clock.now();
    if (this.warned || now - this.warnedAt < LOG_INTERVAL_MS) return;
    this.warned = true;
    this.warnedAt = now;
    this.logger.warn(`Redis at ${this.endpoint.host} is unavailable (${reason}). What needs it is answered 503.`);
  }

  private onBack(): void {
    if (!this.warned) return;
    this.warned = false;
    this.logger.log(`Redis at ${this.endpoint.host} is available again.`);
  }
}

/** Gives up a client in whatever state it is. Its process may end although a socket of it is still open. */
export function discardClient(client: RedisClient): void {
  client.unref();
  if (client.isOpen) client.disconnect().catch(() => undefined);
}

async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.catch(() => undefined), deadline]);
  clearTimeout(timer);
}
