import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../common/clock.js';
import type { RedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';

const DEADLINE_MS = 300;
/** After so long without an answer, and so long after a refused write, there is another connection. */
const STUCK_MS = 2_000;

/** A driver whose server answers when the test says so. */
class ScriptedClient extends EventEmitter implements RedisClient {
  isOpen = false;
  isReady = false;
  isUnrefed = false;
  isReadOnly = false;
  hangs = false;
  private connected: (() => void) | undefined;

  connect(): Promise<void> {
    this.isOpen = true;
    return new Promise((resolve) => (this.connected = resolve));
  }

  /** The socket is open, and the handshake not answered yet. */
  reach(): this {
    this.emit('connect');
    return this;
  }

  makeReady(): this {
    this.isOpen = this.isReady = true;
    this.emit('ready');
    this.connected?.();
    return this;
  }

  sendCommand([name]: string[]): Promise<unknown> {
    if (!this.isOpen) return Promise.reject(new Error('The client is closed'));
    if (this.hangs) return new Promise(() => undefined);
    return this.isReadOnly && name === 'SET'
      ? Promise.reject(new Error("READONLY You can't write against a read only replica."))
      : Promise.resolve('OK');
  }

  async quit(): Promise<void> {
    await this.sendCommand(['QUIT']);
    this.isOpen = this.isReady = false;
  }

  disconnect(): Promise<void> {
    if (!this.isOpen) return Promise.reject(new Error('The client is closed'));
    this.isOpen = this.isReady = false;
    return Promise.resolve();
  }

  unref(): void {
    this.isUnrefed = true;
  }
}

describe('the connection to a Redis that is read-only', () => {
  const made: ScriptedClient[] = [];
  let first: ScriptedClient;
  let connection: RedisConnection;
  const warned = vi.fn();

  const makeClient = (): ScriptedClient => {
    const client = new ScriptedClient();
    made.push(client);
    return client;
  };
  const send = (name: string): Promise<unknown> => connection.run('', (command) => command([name]));
  const refusedWrite = async (): Promise<void> => {
    await expect(send('SET')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    warned.mockReset();
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(warned);
    vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    made.length = 0;
    first = new ScriptedClient().makeReady();
    connection = new RedisConnection(first, { commandTimeoutMs: DEADLINE_MS, clock: new SystemClock(), makeClient });
    first.isReadOnly = true;
    await refusedWrite();
    await vi.advanceTimersByTimeAsync(STUCK_MS);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is said, and left for another', async () => {
    expect(warned.mock.calls.join()).toContain('READONLY');
    expect(made).toHaveLength(1);
    made[0]!.reach().makeReady();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.client).toBe(made[0]);
    await expect(send('SET')).resolves.toBe('OK');
  });

  it('is left open until what is on its way has been answered, and no longer, though it hangs', async () => {
    first.hangs = true;
    const onItsWay = expect(send('GET')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    made[0]!.reach().makeReady();
    await vi.advanceTimersByTimeAsync(0);
    expect(first).toMatchObject({ isOpen: true, isUnrefed: true });
    await vi.advanceTimersByTimeAsync(DEADLINE_MS + 10);
    await onItsWay;
    expect(first.isOpen).toBe(false);
  });

  it('is kept for its answers while the other one is accepted and hangs, and left when there is a better one', async () => {
    made[0]!.reach();
    await vi.advanceTimersByTimeAsync(STUCK_MS);
    expect(made).toHaveLength(1);
    expect(made[0]!.isOpen).toBe(false);
    expect(connection.client).toBe(first);
    await expect(send('GET')).resolves.toBe('OK');
    await refusedWrite();
    await vi.advanceTimersByTimeAsync(STUCK_MS);
    made[1]!.reach().makeReady();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.client).toBe(made[1]);
  });

  it('is given up with the other one when it hangs itself, and its successor may be followed in turn', async () => {
    made[0]!.reach();
    first.hangs = true;
    await expect(Promise.all([send('GET'), vi.advanceTimersByTimeAsync(DEADLINE_MS + 10)])).rejects.toBeDefined();
    made[0]!.emit('error', new Error('The socket was closed'));
    await vi.advanceTimersByTimeAsync(STUCK_MS);
    expect(made.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    expect(first.isOpen).toBe(false);
    made[1]!.reach().makeReady();
    made[1]!.isReadOnly = true;
    await refusedWrite();
    await vi.advanceTimersByTimeAsync(STUCK_MS);
    made[2]!.reach().makeReady();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.client).toBe(made[2]);
    expect(made).toHaveLength(3);
  });

  it('leaves nothing behind when it is closed while the other one is on its way', async () => {
    made[0]!.reach();
    await connection.close();
    await vi.advanceTimersByTimeAsync(10 * STUCK_MS);
    expect(made).toHaveLength(1);
    expect(made[0]!.isOpen).toBe(false);
    // The driver may finish what it had begun.
    made[0]!.makeReady();
    await vi.advanceTimersByTimeAsync(0);
    expect(made[0]).toMatchObject({ isOpen: false, isUnrefed: true });
    expect(vi.getTimerCount()).toBe(0);
  });
});
