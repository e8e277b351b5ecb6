import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import passport, { Strategy } from 'passport';
import { BearerTokenReader } from '../../access/bearer-token-reader.js';
import type { AuthRequest } from '../../access/credential-source.js';
import { bearerToken } from '../../access/presented-credential.js';
import { StartUpError } from '../../errors/start-up-error.js';
import type { AuthStructure } from '../../options/auth-options.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { AUTH_STRUCTURE } from '../../options/tokens.js';

/**
 * The bearer check under a name in the application's own Passport, for `AuthGuard(name)` of `@nestjs/passport`:
 * `request.user` is then the `Principal`. Registered only when `passport.strategy` says so.
 */
@Injectable()
export class HostStrategy implements OnModuleInit, OnApplicationShutdown {
  private registered: string | undefined;

  constructor(
    private readonly reader: BearerTokenReader,
    private readonly settings: AuthSettings,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {}

  /** The registry belongs to the whole process: taking a name that is in use would switch another check off. */
  onModuleInit(): void {
    const name = this.structure.passport?.strategy;
    if (name === undefined) return;
    if ((passport as unknown as Registry)._strategy(name) !== undefined) {
      throw new StartUpError('the options are not valid.', [
        `passport.strategy: '${name}' is registered with Passport already: choose another name, or remove that strategy.`,
      ]);
    }
    passport.use(name, new BearerStrategy(this.reader, this.settings.tokens.checking));
    this.registered = name;
  }

  /** An application that was refused its name must not take another's away. */
  onApplicationShutdown(): void {
    if (this.registered !== undefined) passport.unuse(this.registered);
  }
}

interface Registry {
  _strategy(name: string): unknown;
}

class BearerStrategy extends Strategy {
  constructor(
    private readonly reader: BearerTokenReader,
    private readonly checking: AuthSettings['tokens']['checking'],
  ) {
    super();
  }

  override authenticate(request: object): void {
    const token = bearerToken(request as AuthRequest);
    if (token === undefined) return this.fail('Bearer', 401);
    this.reader.read(token, this.checking).then(
      (principal) =>
        principal === undefined ? this.fail('Bearer error="invalid_token"', 401) : this.success(principal),
      (error: unknown) => this.error(error),
    );
  }
}
