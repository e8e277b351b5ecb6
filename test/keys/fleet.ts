import { Controller, Get, Post } from '@nestjs/common';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Auth, type AuthOptions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import { newPerson, type Person } from '../sessions/kit.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';

export type Values = Partial<AuthOptions<User>>;

/** A host's own guarded routes. */
@Controller('pages')
class PagesController {
  @Get('mine')
  @Auth()
  read(): object {
    return {};
  }

  @Post('mine')
  @Auth()
  change(): object {
    return {};
  }
}

interface Node {
  readonly app: TestApp;
  readonly busy: Set<Promise<void>>;
}

/** The address under which the fleet is reached, whoever of it answers. */
export const ISSUER = 'https://api.example.com';

/** Two nodes on one PostgreSQL and one Redis, behind a proxy that takes them in turn. */
export class Fleet {
  readonly clock: TestClock;
  private readonly nodes: Node[] = [];
  private proxy!: Server;
  private turn = 0;

  private constructor(
    private readonly redis: PrivateRedis,
    private readonly setup: AppSetup,
    clock: TestClock,
  ) {
    this.clock = clock;
  }

  static async start(auth: Values, setup: AppSetup = {}): Promise<Fleet> {
    const fleet = new Fleet(await startRedis(), setup, new TestClock());
    fleet.nodes.push(await fleet.node(auth, { database: 'postgres' }));
    fleet.nodes.push(await fleet.node(auth, { databaseUrl: fleet.nodes[0]!.app.databaseUrl! }));
    fleet.proxy = createServer((request, response) => fleet.pass(request, response));
    await new Promise<void>((resolve) => fleet.proxy.listen(0, '127.0.0.1', resolve));
    return fleet;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.proxy.address() as AddressInfo).port}`;
  }

  newPerson(): Promise<Person> {
    return newPerson(this.apps[0]!);
  }

  /** The instances that answer at the moment. */
  get apps(): readonly TestApp[] {
    return this.nodes.map(({ app }) => app);
  }

  /** New configuration, node after node: the new instance comes up, takes its turn, and the old one finishes its work. */
  async roll(auth: Values, between: () => Promise<unknown> = async () => undefined): Promise<void> {
    for (const [index, old] of [...this.nodes].entries()) {
      this.nodes[index] = await this.node(auth, { databaseUrl: old.app.databaseUrl! });
      await Promise.all(old.busy);
      await old.app.close();
      await between();
    }
  }

  async close(): Promise<void> {
    this.proxy.closeAllConnections();
    await new Promise((resolve) => this.proxy.close(resolve));
    await Promise.all(this.apps.map((app) => app.close()));
    await this.redis.stop();
  }

  private async node(auth: Values, where: AppSetup): Promise<Node> {
    const app = await startApp({
      redisUrl: this.redis.url,
      clock: this.clock,
      ...this.setup,
      ...where,
      controllers: [PagesController, ...(this.setup.controllers ?? [])],
      auth: {
        cookies: { xsrfCookie: true },
        rateLimits: { multiplier: 10_000 },
        // A letter that waits is sealed: the secret it was sealed with may not go before it.
        jobs: 'timers',
        // All nodes share this process: while one starts, the commands of another wait.
        redis: { url: this.redis.url, commandTimeout: '5s' },
        ...auth,
        tokens: { issuer: ISSUER, audience: ISSUER, ...auth.tokens },
      },
    });
    return { app, busy: new Set() };
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const node = this.nodes[this.turn++ % this.nodes.length]!;
    const { method = 'GET', url: path = '/' } = request;
    // An instance that is drained waits for every connection that is kept alive.
    const headers = { ...request.headers, connection: 'close' };
    const done = new Promise<void>((resolve) => response.on('close', resolve));
    node.busy.add(done);
    void done.then(() => node.busy.delete(done));
    const onward = forward(new URL(path, node.app.url), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  }
}
