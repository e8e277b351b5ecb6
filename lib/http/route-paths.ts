import { RequestMethod, type INestApplicationContext } from '@nestjs/common';
import { ModulesContainer, type ApplicationConfig } from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import type { RouteEntry } from '../access/route-rules.js';

type RoutePathMetadata = Parameters<RoutePathFactory['create']>[0];

/** As much of an application as its paths are made of. */
export interface RoutedApplication {
  readonly config: ApplicationConfig;
  readonly applicationId: string;
}

/** The full paths of handlers, made by the very class that Nest's router uses: prefix, version and module path included. */
export class RoutePaths {
  private readonly config: ApplicationConfig;
  private readonly factory: RoutePathFactory;
  private readonly applicationId: string;

  constructor({ config, applicationId }: RoutedApplication) {
    this.config = config;
    this.factory = new RoutePathFactory(config);
    this.applicationId = applicationId;
  }

  static in(app: INestApplicationContext): RoutePaths {
    const { config } = app as unknown as { readonly config: ApplicationConfig };
    return new RoutePaths({ config, applicationId: app.get(ModulesContainer, { strict: false }).applicationId });
  }

  of({ module, controller, handler, route }: RouteEntry, prefixed: boolean): readonly string[] {
    const method = (controller.prototype as Record<string, object>)[handler]!;
    const versioning = this.config.getVersioning();
    const byDefault = (versioning as { readonly defaultVersion?: unknown } | undefined)?.defaultVersion;
    const metadata: Readonly<Record<keyof RoutePathMetadata, unknown>> = {
      methodPath: Reflect.getMetadata('path', method),
      ctrlPath: Reflect.getMetadata('path', controller),
      methodVersion: Reflect.getMetadata('__version__', method),
      controllerVersion: Reflect.getMetadata('__version__', controller) ?? byDefault,
      modulePath:
        Reflect.getMetadata(`__module_path__${this.applicationId}`, module) ??
        Reflect.getMetadata('__module_path__', module),
      versioningOptions: versioning,
      globalPrefix: prefixed ? this.config.getGlobalPrefix() : '',
    };
    const verb = RequestMethod[route!.method as keyof typeof RequestMethod];
    return [...new Set(this.factory.create(metadata as RoutePathMetadata, verb))];
  }
}
