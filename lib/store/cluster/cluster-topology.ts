import type { Clock } from '../../common/clock.js';
import type { RedisConnection } from '../redis-connection.js';
import { storeUnavailable } from '../store-unavailable.js';
import type { ClusterNodes } from './cluster-nodes.js';
import { hostAndPort, SlotMap } from './slot-map.js';

const SOON_MS = 50;
const AGAIN_MS = 500;

/**
 * Which node holds which slot, and a connection to each of them. It asks the cluster anew when a node redirects or fails,
 * and goes on asking until all slots have a master that answers: a promotion tells nobody but those who ask.
 */
export class ClusterTopology {
  private readonly nodes = new Map<string, RedisConnection>();
  private changedAt: number;
  private turn = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private map: SlotMap,
    private readonly source: ClusterNodes,
    private readonly clock: Clock,
  ) {
    this.changedAt = clock.now();
    for (const master of map.masters) this.nodeAt(master);
  }

  get slots(): SlotMap {
    return this.map;
  }

  get connections(): readonly RedisConnection[] {
    return [...this.nodes.values()];
  }

  /** The connection to a node, opened when there is none. */
  nodeAt(address: string): RedisConnection {
    const held = this.nodes.get(address);
    if (held !== undefined) return held;
    if (this.closed) throw storeUnavailable(new Error('The store is closed.'));
    const node = this.source.open(address, () => this.ask(SOON_MS));
    this.nodes.set(address, node);
    return node;
  }

  ownerOf(slot: number): RedisConnection | undefined {
    const owner = this.map.ownerOf(slot);
    return owner === undefined ? undefined : this.nodeAt(owner);
  }

  /** A node said that a slot is elsewhere, for good. */
  moved(): void {
    this.changedAt = this.clock.now();
    this.askSoon();
  }

  askSoon(): void {
    this.ask(SOON_MS);
  }

  connectedAt(): number {
    return Math.max(this.changedAt, ...this.connections.map((node) => node.connectedAt()));
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await Promise.all(this.connections.map((node) => node.close()));
  }

  private ask(afterMs: number): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      void this.refresh().finally(() => {
        this.timer = undefined;
        if (!this.whole) this.ask(AGAIN_MS);
      });
    }, afterMs).unref();
  }

  private get whole(): boolean {
    return this.map.complete && this.map.masters.every((master) => this.nodes.get(master)?.usable === true);
  }

  private async refresh(): Promise<void> {
    const usable = [...this.nodes].filter(([, node]) => node.usable);
    this.turn += 1;
    for (let index = 0; index < usable.length; index += 1) {
      const [address, node] = usable[(index + this.turn) % usable.length]!;
      const map = await slotsSeenBy(node, address);
      if (this.closed) return;
      if (map !== undefined) return this.adopt(map);
    }
    // Nobody known is there: perhaps all of them have been replaced.
    for (const { host } of this.source.seeds) this.nodeAt(host);
  }

  private adopt(map: SlotMap): void {
    if (!map.equals(this.map)) this.changedAt = this.clock.now();
    this.map = map;
    for (const [address, node] of this.nodes) {
      if (map.masters.includes(address) && this.source.isCurrent(address, node)) continue;
      this.nodes.delete(address);
      this.changedAt = this.clock.now();
      void node.close();
    }
    for (const master of map.masters) this.nodeAt(master);
  }
}

/** `undefined` when the node does not answer or knows nothing. */
export async function slotsSeenBy(node: RedisConnection, address: string): Promise<SlotMap | undefined> {
  try {
    return SlotMap.parse(await node.run('', (send) => send(['CLUSTER', 'SLOTS'])), hostAndPort(address).host);
  } catch {
    return undefined;
  }
}
