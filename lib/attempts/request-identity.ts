/** Whose rate limits a request counts against. Filled by the folder that knows credentials. */
export abstract class RequestIdentity {
  /**
   * A name of the login session or API key behind the request's valid credential, which must sign nobody in;
   * `undefined` without one. `request` is the adapter's own.
   */
  abstract sessionKey(request: object): string | undefined;
}
