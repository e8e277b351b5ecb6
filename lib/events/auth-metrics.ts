import { Injectable } from '@nestjs/common';

/** What is counted. */
export type AuthCounter =
  /** Events of the audit trail, by `type` and `outcome`. */
  | 'auth_events'
  /** Requests to our endpoints answered 429, by `code` (`TOO_MANY_ATTEMPTS`, `RATE_LIMITED`) and `handler`. */
  | 'auth_refusals'
  /** Signed-in principals refused a route (403), by `code`. */
  | 'auth_access_refusals'
  /** Calls answered `ADDRESS_BLOCKED`, by `transport`: `http`, `graphql` or `ws`. */
  | 'auth_address_refusals'
  /** Requests answered `CSRF_FAILED`, by `reason`: `origin`, `site` (`Sec-Fetch-Site`) or `token`. */
  | 'auth_csrf_failures'
  /** Answers to challenges that are none of ours, or of another browser, by `method` (`passkey`). */
  | 'auth_foreign_challenges'
  /** API keys that were refused, by `reason`: `malformed`, `unknown`, `secret`, or `ended` (also: paused). */
  | 'auth_api_key_refusals';

/** What is timed. */
export type AuthTimer =
  /** One password hash, without the time it waited, by `outcome`. */
  | 'auth_password_hash'
  /** From a proof of identity that has passed to the session, by `method` and `outcome`. */
  | 'auth_sign_in'
  /** Handing one mail to the transport, by `kind` and `outcome`. */
  | 'auth_mail_delivery';

/** Values of closed sets: never a user, an address or anything else that comes from a request. */
export type MetricLabels = Readonly<Record<string, string>>;

/**
 * Where measurements go: a port that does nothing by itself. Replace it with a class of yours, such as one that feeds
 * `prom-client`: `overrides: [{ provide: AuthMetrics, useClass: MyMetrics }]`. What it throws changes nothing.
 */
@Injectable()
export class AuthMetrics {
  /** One more. */
  count(_name: AuthCounter, _labels: MetricLabels): void {}

  /** One duration, in ms. */
  time(_name: AuthTimer, _ms: number, _labels: MetricLabels): void {}
}
