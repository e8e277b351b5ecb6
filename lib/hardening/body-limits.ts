import type { AdapterKind, HttpApplication } from './http-application.js';

/**
 * Puts the limit where Nest registers its parsers, in `app.init()`: what the application has registered by then, for one
 * path or for all, comes first. Nest then leaves its own out.
 */
export function limitBodies({ adapter, appOptions }: HttpApplication, kind: AdapterKind, bytes: number): void {
  if (appOptions.bodyParser === false) return;
  const registerOthers = adapter.registerParserMiddleware.bind(adapter);
  adapter.registerParserMiddleware = (prefix, rawBody) => {
    const register = (type: string, options: Readonly<Record<string, unknown>>) =>
      adapter.useBodyParser(type, rawBody === true, options);
    if (kind === 'express') {
      // Also beside a parser of one path, for which Nest would leave out its own everywhere.
      register('json', { limit: bytes });
      register('urlencoded', { limit: bytes, extended: true });
    } else {
      for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
        if (adapter.hasCustomBodyParser?.(type) !== true) register(type, { bodyLimit: bytes });
      }
    }
    return registerOthers(prefix, rawBody);
  };
}
