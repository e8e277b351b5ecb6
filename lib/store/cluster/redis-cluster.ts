import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisEndpoint } from '../redis-endpoint.js';
import type { RedisDiagnostics, RedisTransport, SendCommand } from '../redis-transport.js';
import { storeUnavailable } from '../store-unavailable.js';
import type { ClusterTopology } from './cluster-topology.js';
import { slotOf } from './key-slot.js';
import { redirectOf, type Redirect } from './redirect.js';
import { namedHost, hostAndPort } from './slot-map.js';

const MAX_REDIRECTS = 5;
const TRY_AGAIN_MS = 20;
const KEEPS_EVERYTHING = 'noeviction';

type Work<T> = (send: SendCommand) => Promise<T>;

/**
 * A Redis Cluster. Every key has one master and is read and written there alone; each node has its own deadline and its own
 * reconnection, so that one that hangs or is gone refuses its own slots and no others.
 */
export class RedisCluster implements RedisTransport {
  constructor(
    private readonly topology: ClusterTopology,
    private readonly seeds: readonly RedisEndpoint[],
    private readonly deadlineMs: number,
  ) {}

  get endpoint(): RedisEndpoint {
    const all = [...this.seeds, ...this.topology.connections.map(({ endpoint }) => endpoint)];
    return {
      host: this.seeds.map(({ host }) => host).join(', '),
      tls: all.every(({ tls }) => tls),
      authenticated: all.every(({ authenticated }) => authenticated),
      loopback: all.every(({ loopback }) => loopback),
    };
  }

  async run<T>(key: string, work: Work<T>, late?: (reply: T) => void): Promise<T> {
    const begun = performance.now();
    const slot = slotOf(key);
    const owner = this.topology.ownerOf(slot);
    if (owner === undefined) throw this.unserved();
    try {
      return await owner.run(key, work, late);
    } catch (error) {
      const redirect = this.redirected(owner, error);
      if (redirect === undefined) throw error;
      const leftMs = this.deadlineMs - (performance.now() - begun);
      return this.within(leftMs, (isOver) => this.follow(redirect, owner, slot, key, work, late, isOver), late);
    }
  }

  connectedAt(): number {
    return this.topology.connectedAt();
  }

  async ping(): Promise<void> {
    for (const answer of await this.probe()) if (answer.status === 'rejected') throw answer.reason;
    if (!this.topology.slots.complete) throw this.unserved();
  }

  /** Asks each master for one of its keys: a cluster that is down answers `PING` and refuses keys. */
  probe(): Promise<PromiseSettledResult<unknown>[]> {
    const { slots } = this.topology;
    const keys = slots.masters.map((master) => slots.probeOf(master));
    return Promise.allSettled(keys.map((key) => this.run(key, (send) => send(['GET', key]))));
  }

  async diagnostics(): Promise<RedisDiagnostics> {
    const { slots } = this.topology;
    const answers = await Promise.allSettled(slots.masters.map((master) => this.topology.nodeAt(master).diagnostics()));
    const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const worst = told.find(({ evictionPolicy = KEEPS_EVERYTHING }) => evictionPolicy !== KEEPS_EVERYTHING);
    const silent = answers.find((answer) => answer.status === 'rejected');
    if (worst === undefined && silent !== undefined) throw silent.reason;
    const unknown = told.find(({ evictionPolicy }) => evictionPolicy === undefined);
    const { evictionPolicy, host } = worst ?? unknown ?? told.find(({ loopback }) => !loopback) ?? told[0]!;
    return { ...this.endpoint, host, ...(evictionPolicy === undefined ? {} : { evictionPolicy }) };
  }

  close(): Promise<void> {
    return this.topology.close();
  }

  private async follow<T>(
    first: Redirect,
    from: RedisConnection,
    slot: number,
    key: string,
    work: Work<T>,
    late: ((reply: T) => void) | undefined,
    isOver: () => boolean,
  ): Promise<T> {
    let [redirect, asked] = [first, from];
    for (let redirects = 0; ;) {
      if (redirect.kind === 'again') await sleep(TRY_AGAIN_MS);
      else redirects += 1;
      const node = this.target(redirect, asked, slot);
      while (!node.usable && !isOver()) await sleep(TRY_AGAIN_MS);
      try {
        return await node.run(key, redirect.kind === 'ask' ? (send) => work(asking(send)) : work, late);
      } catch (error) {
        const next = this.redirected(node, error);
        // What is carried out after the caller was refused would count for nobody.
        if (next === undefined || isOver() || (next.kind !== 'again' && redirects >= MAX_REDIRECTS)) throw error;
        [redirect, asked] = [next, node];
      }
    }
  }

  private target(redirect: Redirect, asked: RedisConnection, slot: number): RedisConnection {
    if (redirect.kind === 'again') return this.topology.ownerOf(slot) ?? asked;
    // A node that does not name a host means the one that was asked.
    const host = namedHost(redirect.host) ?? hostAndPort(asked.endpoint.host).host;
    const address = `${host}:${redirect.port}`;
    if (redirect.kind === 'moved') this.topology.moved();
    return this.topology.nodeAt(address);
  }

  private redirected(node: RedisConnection, error: unknown): Redirect | undefined {
    const { cause } = error as Error;
    const redirect = redirectOf(cause);
    const demoted = cause instanceof Error && /^(?:CLUSTERDOWN|READONLY|MASTERDOWN)/.test(cause.message);
    if (!node.usable || demoted) this.topology.askSoon();
    return redirect;
  }

  private within<T>(ms: number, work: (isOver: () => boolean) => Promise<T>, late?: (reply: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let over = false;
      const timer = setTimeout(() => {
        over = true;
        reject(refused('NO_ANSWER', `Redis Cluster did not answer within ${this.deadlineMs} ms.`));
      }, ms);
      work(() => over).then(
        (reply) => {
          clearTimeout(timer);
          if (over) late?.(reply);
          else resolve(reply);
        },
        (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }

  private unserved(): Error {
    this.topology.askSoon();
    return refused('CLUSTERDOWN', 'No master of the Redis Cluster serves this slot.');
  }
}

/** A slot on its way to another node is asked for there with leave, given for one command. */
function asking(send: SendCommand): SendCommand {
  return (args) => {
    send(['ASKING']).catch(() => undefined);
    return send(args);
  };
}

function refused(code: string, message: string): Error {
  return storeUnavailable(Object.assign(new Error(message), { code }));
}
