import { SLOTS, slotOf } from './key-slot.js';

/** Which master holds which slot. Addresses are `host:port` as the cluster announces them. */
export class SlotMap {
  /** Masters with at least one slot. */
  readonly masters: readonly string[];

  private constructor(private readonly owners: readonly (string | undefined)[]) {
    this.masters = [...new Set(owners)].filter((owner) => owner !== undefined);
  }

  /**
   * @param reply the answer to `CLUSTER SLOTS`: `[from, to, [host, port, ...], ...replicas]` for each range.
   * @param askedHost stands for a host that the cluster does not name.
   * @returns `undefined` for a node that knows of no slots, such as one that has not joined yet.
   */
  static parse(reply: unknown, askedHost: string): SlotMap | undefined {
    const owners = new Array<string | undefined>(SLOTS).fill(undefined);
    for (const [from, to, [host, port]] of reply as [number, number, [string | null, number]][]) {
      owners.fill(`${namedHost(host) ?? askedHost}:${port}`, from, to + 1);
    }
    return owners.every((owner) => owner === undefined) ? undefined : new SlotMap(owners);
  }

  get complete(): boolean {
    return !this.owners.includes(undefined);
  }

  ownerOf(slot: number): string | undefined {
    return this.owners[slot];
  }

  equals(other: SlotMap): boolean {
    return this.owners.every((owner, slot) => owner === other.owners[slot]);
  }

  /** A key that a master holds if it is there, for asking whether the master serves keys. */
  probeOf(master: string): string {
    for (let number = 0; ; number += 1) {
      const key = `gh:probe:${number}`;
      if (this.owners[slotOf(key)] === master) return key;
    }
  }
}

export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

export function namedHost(host: string | null): string | undefined {
  return host === null || host === '' || host === '?' ? undefined : host;
}
