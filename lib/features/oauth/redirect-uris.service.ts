import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef, ModulesContainer, type ApplicationConfig } from '@nestjs/core';
import { RouteRules } from '../../access/route-rules.js';
import { StartUpError } from '../../errors/start-up-error.js';
import { RoutePaths } from '../../http/route-paths.js';
import { AuthSettings } from '../../options/auth-settings.js';

const PARAMETER = ':provider';
const HANDLER = 'callback';

/**
 * Where providers lead back to: `baseUrl` and the pattern of the route, with the host's global prefix. Nothing of it comes
 * from a request.
 */
@Injectable()
export class RedirectUris implements OnApplicationBootstrap {
  private pattern: string | undefined;

  constructor(
    private readonly settings: AuthSettings,
    private readonly rules: RouteRules,
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
  ) {}

  onApplicationBootstrap(): void {
    const isUsed = Object.keys(this.settings.oauth.providers).length > 0;
    if (!isUsed || !/[:*{]/.test(this.path().replace(PARAMETER, ''))) return;
    throw new StartUpError('oauth.providers need an address that is always the same.', [
      'path: must have no parameter in it, and neither must the global prefix: providers know one redirect URI.',
    ]);
  }

  of(provider: string): string {
    const { baseUrl } = this.settings;
    return new URL(baseUrl.href.replace(/\/$/, '') + this.path().replace(PARAMETER, provider)).href;
  }

  /** Looked up when it is first needed: the application sets its prefix after the providers are made. */
  private path(): string {
    return (this.pattern ??= this.lookUp());
  }

  private lookUp(): string {
    const { container } = this.moduleRef as unknown as { readonly container: { applicationConfig: ApplicationConfig } };
    const paths = new RoutePaths({ config: container.applicationConfig, applicationId: this.modules.applicationId });
    const entry = this.rules
      .entries()
      .find(({ own, handler, route }) => own && handler === HANDLER && route?.method === 'GET');
    const [path] = entry === undefined ? [] : paths.of(entry, true);
    if (path === undefined) throw new Error('The callback of oauth has no route.');
    return path;
  }
}
