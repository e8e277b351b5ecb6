import { Injectable, type NestMiddleware } from '@nestjs/common';
import { AuthContext } from './auth-context.js';
import type { AuthRequest } from './credential-source.js';

/** Makes the request known to `AuthContext`. Applied to every route when the structure says `context: true`. */
@Injectable()
export class AuthContextMiddleware implements NestMiddleware<AuthRequest, unknown> {
  constructor(private readonly context: AuthContext) {}

  use(request: AuthRequest, _response: unknown, next: () => void): void {
    this.context.run(request, next);
  }
}
