import type { TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';

export const problem = (field: string, rule: string, message: string) => ({ field, rule, message });
export const missing = (field: string) => problem(field, 'required', 'This field is required.');
export const notText = (field: string) => problem(field, 'type', 'This field has the wrong type.');

/** The whole body of a refused request. */
export function invalid(error: string, ...details: object[]): object {
  const message = 'The request is not valid.';
  return { statusCode: 400, error, error_description: message, code: 'VALIDATION_FAILED', message, details };
}

export function refusal(statusCode: number, code: string, error: string, message: string): object {
  return { statusCode, error, error_description: message, code, message };
}

export const WRONG = refusal(
  401,
  'INVALID_CREDENTIALS',
  'invalid_grant',
  'Wrong credentials, or the address has not been confirmed yet.',
);
export const NOT_GOOD = refusal(
  401,
  'INVALID_REFRESH_TOKEN',
  'invalid_grant',
  'The refresh token is not valid. Sign in again.',
);

export type Parameters = Readonly<Record<string, string>>;

/** How parameters are sent (RFC 6749 §4.3.2 knows the form alone). */
export const FORMATS: readonly { as: string; send(app: TestApp, path: string, body: Parameters): Promise<Answer> }[] = [
  { as: 'JSON', send: (app, path, body) => app.client().post(path, body) },
  {
    as: 'a form',
    send: (app, path, body) =>
      app.client().call('POST', path, {
        raw: new URLSearchParams(body).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
  },
];
