import { Injectable, type INestApplication, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { StartUpError } from '../errors/start-up-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { limitBodies } from './body-limits.js';
import { fastifyDifferences, type FastifyDifference } from './fastify-differences.js';
import { adapterKind, httpApplication, type AdapterKind, type HttpAdapter } from './http-application.js';
import { ownCors, refuseOwnCors } from './own-cors.js';
import { PagePaths } from './page-paths.js';
import { RequestGate } from './request-gate.js';
import { firstOnRequest } from './request-hook.js';
import { limitWaiting } from './server-timeouts.js';

/** What `harden(app)` and `setupApiDocs(app)` have done to this application, for both and for the checklist. */
@Injectable()
export class Hardening implements OnModuleInit {
  private gate: RequestGate | undefined;
  private docPaths: readonly string[] = [];
  private docs = new PagePaths([]);
  private initialised = false;

  constructor(
    private readonly settings: AuthSettings,
    private readonly host: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    this.initialised = true;
  }

  /** @throws StartUpError when it is too late, when helmet is not installed, or beside CORS of the application's own. */
  harden(app: INestApplication): void {
    if (this.gate !== undefined) return;
    const application = httpApplication(app);
    const { adapter } = application;
    if (application.isInitialized) {
      throw new StartUpError('harden(app) came too late.', ['Call it before app.init() and app.listen().']);
    }
    const kind = adapterKind(adapter);
    if (kind === undefined) {
      throw new StartUpError('harden(app) has no server to harden.', ['It knows the adapters of Express and Fastify.']);
    }
    const gate = new RequestGate(this.settings, () => this.docs);
    refuseOwnCors(application);
    firstOnRequest(adapter, gate);
    if (kind === 'express') trustProxies(adapter, this.settings.trustedProxyHops);
    limitBodies(application, kind, this.settings.http.bodyLimitBytes);
    limitWaiting(application.server);
    this.gate = gate;
  }

  /** Paths whose answers are Swagger UI. */
  addDocs(paths: readonly string[]): void {
    this.docPaths = [...this.docPaths, ...paths];
    this.docs = new PagePaths(this.docPaths);
  }

  /** `unknown`: the application has been made and not started, so that nobody has run its `main.ts`. */
  get state(): 'done' | 'missing' | 'unknown' | 'no-server' {
    if (this.gate !== undefined) return 'done';
    if (this.adapterKind === undefined) return 'no-server';
    return this.initialised ? 'missing' : 'unknown';
  }

  /** Options of the Fastify adapter that are not what `fastifyOptions` makes of these settings; `undefined`: not to be seen. */
  fastifyDifferences(): readonly FastifyDifference[] | undefined {
    if (this.adapterKind !== 'fastify') return [];
    return fastifyDifferences(this.adapter!.getInstance(), this.settings);
  }

  /** Whether the application sets CORS headers itself. */
  get hasOwnCors(): boolean {
    return this.adapterKind !== undefined && ownCors(this.adapter!);
  }

  private get adapterKind(): AdapterKind | undefined {
    return adapterKind(this.adapter);
  }

  private get adapter(): HttpAdapter | undefined {
    return (this.host.httpAdapter ?? undefined) as unknown as HttpAdapter | undefined;
  }
}

function trustProxies(adapter: HttpAdapter, hops: number): void {
  const express = adapter.getInstance() as { set(name: string, value: unknown): void };
  express.set('trust proxy', hops);
}
