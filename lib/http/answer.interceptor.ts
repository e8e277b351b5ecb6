import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { catchError, throwError, type Observable } from 'rxjs';
import { LimitRefusals } from '../attempts/limit-refusals.js';
import { AuthError } from '../errors/auth-error.js';

/** Headers of every answer of ours: `Cache-Control: no-store` (RFC 9111 §5.2.2.5) and those that an error carries. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly refusals: LimitRefusals,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response: unknown = context.switchToHttp().getResponse();
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (error instanceof AuthError) {
          this.refusals.note(context, error);
          for (const [name, value] of Object.entries(error.headers)) httpAdapter.setHeader(response, name, value);
        }
        return throwError(() => error);
      }),
    );
  }
}
