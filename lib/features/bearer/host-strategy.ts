import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import passport, { Strategy } from 'passport';
import { BearerTokenReader } from '../../access/bearer-token-reader.js';
import type { AuthRequest } from '../../access/credential-source.js';
import { bearerToken } from '../../access/presented-credential.js';
import { StepUp } from '../../access/step-up.service.js';
import type { Principal } from '../../common/principal.js';
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
    private readonly stepUp: StepUp,
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
    const read = async (token: string) => this.reader.read(token, this.settings.tokens.checking);
    passport.use(name, new BearerStrategy(read, (principal) => this.stepUp.isEnrolled(HOST_ROUTE, principal)));
    this.registered = name;
  }

  /** An application that was refused its name must not take another's away. */
  onApplicationShutdown(): void {
    if (this.registered !== undefined) passport.unuse(this.registered);
  }
}

/** Passport knows nothing of `@DuringEnrolment()`, and what asks it is no route of ours. */
const HOST_ROUTE = { duringEnrolment: false };

interface Registry {
  _strategy(name: string): unknown;
}

class BearerStrategy extends Strategy {
  constructor(
    private readonly read: (token: string) => Promise<Principal | undefined>,
    private readonly isEnrolled: (principal: Principal) => boolean,
  ) {
    super();
  }

  override authenticate(request: object): void {
    const token = bearerToken(request as AuthRequest);
    if (token === undefined) return this.fail('Bearer', 401);
    this.read(token).then(
      (principal) => {
        if (principal === undefined) return this.fail('Bearer error="invalid_token"', 401);
        if (this.isEnrolled(principal)) return this.success(principal);
        this.fail('Bearer error="insufficient_user_authentication"', 403);
      },
      (error: unknown) => this.error(error),
    );
  }
}
