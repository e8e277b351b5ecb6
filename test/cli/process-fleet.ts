import { randomBytes } from 'node:crypto';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startScript, type Environment, type Running } from '../production/processes.js';
import type { TrafficStand } from '../keys/traffic.js';
import type { Person } from '../sessions/kit.js';
import { PASSWORD } from '../support/client.js';

const INSTANCE = join(import.meta.dirname, 'reseal-instance.mjs');
const INSTANCES = 2;

interface Instance {
  readonly process: Running;
  readonly url: string;
  readonly busy: Set<Promise<void>>;
}

export interface Survey {
  /** Seeded rows that open, and those that do not. */
  readonly good: number;
  readonly wrong: number;
  /** All sealed rows by key id. */
  readonly kids: Readonly<Record<string, number>>;
}

/** Two processes on one PostgreSQL and one Redis, behind a proxy that takes them in turn. */
export class ProcessFleet implements TrafficStand {
  readonly clock = {
    now: () => Date.now(),
    advance: () => {
      throw new Error('The clock of other processes is the real one.');
    },
  };
  private instances: Instance[] = [];
  private proxy!: Server;
  private turn = 0;
  private people = 0;

  private constructor(readonly environment: Environment) {}

  static async start(environment: Environment, secrets: Environment): Promise<ProcessFleet> {
    const fleet = new ProcessFleet(environment);
    fleet.proxy = createServer((request, response) => fleet.pass(request, response));
    await new Promise<void>((resolve) => fleet.proxy.listen(0, '127.0.0.1', resolve));
    fleet.instances = [await fleet.instance({ ...secrets, SYNCHRONIZE: 'yes' }), await fleet.instance(secrets)];
    return fleet;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.proxy.address() as AddressInfo).port}`;
  }

  /** One instance after the other: the new one comes up, takes its turn, and the old one finishes its work. */
  async roll(secrets: Environment, between: () => Promise<unknown> = async () => undefined): Promise<void> {
    const coming = Array.from({ length: INSTANCES }, () => this.instance(secrets));
    for (const [index, old] of [...this.instances].entries()) {
      this.instances[index] = await coming[index]!;
      await Promise.all(old.busy);
      await old.process.stop();
      await between();
    }
  }

  seed(count: number): Promise<unknown> {
    return this.backstage('seed', { count: String(count) });
  }

  survey(): Promise<Survey> {
    return this.backstage('survey') as Promise<Survey>;
  }

  /** Key id under which an instance seals. */
  kid(): Promise<string> {
    return this.backstage('kid') as Promise<string>;
  }

  async newPerson(): Promise<Person> {
    const email = `person${(this.people += 1)}-${randomBytes(4).toString('hex')}@example.com`;
    const user = (await this.backstage('person', { email, password: PASSWORD })) as { id: string };
    return { userId: user.id, email };
  }

  async close(): Promise<void> {
    this.proxy.closeAllConnections();
    this.proxy.close();
    await Promise.all(this.instances.map(({ process }) => process.stop()));
  }

  private async instance(secrets: Environment): Promise<Instance> {
    const process = startScript(INSTANCE, { ...this.environment, ...secrets });
    const [, url = ''] = await process.says(/^READY (\S+)$/m);
    return { process, url, busy: new Set() };
  }

  private async backstage(what: string, query: Record<string, string> = {}): Promise<unknown> {
    const [{ url }] = this.instances as [Instance];
    const response = await fetch(`${url}/backstage/${what}?${new URLSearchParams(query).toString()}`);
    if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const instance = this.instances[this.turn++ % this.instances.length]!;
    const { method = 'GET', url: path = '/' } = request;
    const headers = { ...request.headers, connection: 'close' };
    const done = new Promise<void>((resolve) => response.on('close', resolve));
    instance.busy.add(done);
    void done.then(() => instance.busy.delete(done));
    const onward = forward(new URL(path, instance.url), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  }
}
