import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Client, type Answer, type CallOptions } from '../support/client.js';

type Heard =
  | { readonly status: number; readonly type: string; readonly text: string; readonly ms: number }
  | { readonly error: string };

/**
 * A browser in a thread of its own, as an attacker's is: one in the thread of the application would wait for whatever that
 * does next, and take it for a part of the answer. Keeps no cookies.
 */
export class Stopwatch extends Client {
  private readonly worker = new Worker(new URL('stopwatch.worker.mjs', import.meta.url));
  /** From sending the last request to the end of its answer, in milliseconds. */
  ms = 0;

  constructor(private readonly base: string) {
    super(base);
  }

  override async call(method: string, path: string, { body, headers }: CallOptions = {}): Promise<Answer> {
    const sent = { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const coming = once(this.worker, 'message') as Promise<[Heard]>;
    const text = body === undefined ? undefined : JSON.stringify(body);
    this.worker.postMessage({ url: this.base + path, method, headers: sent, body: text });
    const [heard] = await coming;
    if ('error' in heard) throw new Error(heard.error);
    this.ms = heard.ms;
    const parsed: unknown = heard.type.includes('json') ? JSON.parse(heard.text) : undefined;
    return { status: heard.status, headers: new Headers(), text: heard.text, body: parsed, setCookies: [] };
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
