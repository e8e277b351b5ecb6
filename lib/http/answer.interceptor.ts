import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { catchError, throwError, type Observable } from 'rxjs';
import { AuthError } from '../errors/auth-error.js';

/** Headers of every answer of ours: `Cache-Control: no-store` (RFC 9111 §5.2.2.5) and those that an error carries. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  constructor(private readonly host: HttpAdapterHost) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response: unknown = context.switchToHttp().getResponse();
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (error instanceof AuthError) {
          for (const [name, value] of Object.entries(error.headers)) httpAdapter.setHeader(response, name, value);
        }
        return throwError(() => error);
      }),
    );
  }
}
