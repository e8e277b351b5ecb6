import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { AUTH_ERRORS, type AuthErrorCode } from './error-codes.js';

/** One problem of a request, as `details` of `VALIDATION_FAILED` and `PASSWORD_REJECTED` list it. */
export interface FieldProblem {
  readonly field: string;
  readonly rule: string;
  readonly message: string;
}

export interface AuthErrorOptions {
  /** Replaces the standard text. Reaches the client. */
  readonly message?: string | undefined;
  /** Machine-readable particulars. Reach the client. */
  readonly details?: unknown;
  /** Becomes `Retry-After` in whole seconds, at least 1 (RFC 9110 §10.2.3). */
  readonly retryAfterMs?: number | undefined;
  /** Response headers that belong to the error. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Reaches the log only. */
  readonly cause?: unknown;
}

/** The JSON body of every error that Gatehouse raises. */
export interface AuthErrorBody {
  readonly statusCode: number;
  readonly error: string;
  readonly code: AuthErrorCode;
  readonly message: string;
  readonly details?: unknown;
}

/** Every error that Gatehouse raises towards a client. `code` is stable; `message` is not. */
export class AuthError extends HttpException {
  readonly code: AuthErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: AuthErrorCode, options: AuthErrorOptions = {}) {
    const { status, message } = AUTH_ERRORS[code];
    const body: AuthErrorBody = {
      statusCode: status,
      error: STATUS_CODES[status] ?? 'Error',
      code,
      message: options.message ?? message,
      ...(options.details === undefined ? {} : { details: options.details }),
    };
    super(body, status, { cause: options.cause });
    this.code = code;
    this.headers = { ...options.headers, ...retryAfter(options.retryAfterMs) };
  }

  get body(): AuthErrorBody {
    return this.getResponse() as AuthErrorBody;
  }
}

function retryAfter(ms: number | undefined): Record<string, string> {
  return ms === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(ms / 1_000))) };
}
