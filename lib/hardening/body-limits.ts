import type { AdapterKind, HttpApplication } from './http-application.js';

const ALREADY_THERE = 'FST_ERR_CTP_ALREADY_PRESENT';

/**
 * Before Nest registers its own parsers, which it then leaves out. One that the application has registered stays. By the
 * adapter, since Nest ends the process when a method of the application throws.
 */
export function limitBodies({ adapter, appOptions }: HttpApplication, kind: AdapterKind, bytes: number): void {
  if (appOptions.bodyParser === false) return;
  const register = (type: string, options: Readonly<Record<string, unknown>>) =>
    adapter.useBodyParser(type, appOptions.rawBody === true, options);
  if (kind === 'express') {
    register('json', { limit: bytes });
    register('urlencoded', { limit: bytes, extended: true });
    return;
  }
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    unlessThere(() => register(type, { bodyLimit: bytes }));
  }
}

function unlessThere(register: () => unknown): void {
  try {
    register();
  } catch (error) {
    if ((error as { readonly code?: string }).code !== ALREADY_THERE) throw error;
  }
}
