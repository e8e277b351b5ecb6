import type { INestApplication } from '@nestjs/common';
import { describeAuth, type DescribedDocument } from '../http/describe-auth.js';
import { AuthSettings } from '../options/auth-settings.js';
import { hardeningOf } from './harden.js';
import { optionalPackage } from './optional-package.js';

export interface ApiDocsOptions {
  /** Where Swagger UI stands; the document is at `<path>-json` and `<path>-yaml`. Default `'docs'`. */
  readonly path?: string;
  /** Puts `path` below the global prefix. Default `false`. */
  readonly useGlobalPrefix?: boolean;
  /** Further options of `SwaggerModule.setup`, such as `customSiteTitle`. */
  readonly swagger?: Readonly<Record<string, unknown>>;
}

type DocumentOrFactory = DescribedDocument | (() => DescribedDocument);

interface SwaggerPackage {
  readonly SwaggerModule: {
    setup(
      path: string,
      app: INestApplication,
      document: () => unknown,
      options: Readonly<Record<string, unknown>>,
    ): void;
  };
}

/**
 * Serves the OpenAPI document with Swagger UI, after `describeAuth` has written the rules of the routes into it. In
 * production there is nothing at these addresses, so that they answer 404 as any other, unless the option `http.apiDocs`
 * opens them, which is a finding. Give a factory rather than a document: in production it is never called.
 *
 * @example
 * setupApiDocs(app, () => SwaggerModule.createDocument(app, new DocumentBuilder().build()));
 * @throws StartUpError without `AuthModule` or `@nestjs/swagger`.
 */
export function setupApiDocs(app: INestApplication, document: DocumentOrFactory, options: ApiDocsOptions = {}): void {
  const hardening = hardeningOf(app, 'setupApiDocs(app)');
  const { environment, http } = app.get(AuthSettings, { strict: false });
  if (environment === 'production' && !http.apiDocs) return;
  const { SwaggerModule } = optionalPackage<SwaggerPackage>('@nestjs/swagger', 'setupApiDocs(app)');
  const { path = 'docs', useGlobalPrefix = false, swagger = {} } = options;
  // The rules of the routes are compiled while the application starts, which is later than this.
  const described = () => describeAuth(app, typeof document === 'function' ? document() : document);
  SwaggerModule.setup(slashed(path).slice(1), app, described, { ...swagger, useGlobalPrefix });
  hardening.addDocs([`${useGlobalPrefix ? prefixOf(app) : ''}${slashed(path)}`]);
}

function prefixOf(app: INestApplication): string {
  const { config } = app as unknown as { readonly config: { getGlobalPrefix(): string } };
  return slashed(config.getGlobalPrefix());
}

function slashed(path: string): string {
  const bare = path.replace(/^\/+|\/+$/g, '');
  return bare === '' ? '' : `/${bare}`;
}
