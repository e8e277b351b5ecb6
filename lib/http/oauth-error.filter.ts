import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthError } from '../errors/auth-error.js';
import { oauthErrorBody } from '../errors/oauth-error.js';

/**
 * Errors of the token endpoints in the shape that OAuth clients read. Only ours: every other error goes on to the filters
 * of the application. The headers of the error are on the answer already.
 */
@Injectable()
@Catch(AuthError)
export class OAuthErrorFilter implements ExceptionFilter<AuthError> {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: AuthError, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), oauthErrorBody(error), error.getStatus());
  }
}
