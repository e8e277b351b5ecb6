import { StartUpError } from '../errors/start-up-error.js';
import type { HttpAdapter, HttpApplication } from './http-application.js';

const INSTEAD = 'Remove it: harden(app) sends the headers of `origins` and `http.cors`, and two answers are none.';

/** Two lists of origins in one answer: the browser takes neither, or the wider one. */
export function refuseOwnCors({ adapter, appOptions }: HttpApplication): void {
  if (Boolean(appOptions.cors) || ownCors(adapter)) throw conflict();
  adapter.enableCors = () => {
    throw conflict();
  };
}

/** Whether `enableCors` has been called, as far as the adapter shows it: Fastify does when the application starts. */
export function ownCors(adapter: HttpAdapter): boolean {
  if (adapter.corsHook !== undefined) return true;
  const { router } = adapter.getInstance() as { readonly router?: { readonly stack?: readonly { name?: string }[] } };
  return router?.stack?.some(({ name }) => name === 'corsMiddleware') === true;
}

function conflict(): StartUpError {
  return new StartUpError('harden(app) and CORS of the application exclude each other.', [
    `app.enableCors() or the option cors of NestFactory.create is in use. ${INSTEAD}`,
  ]);
}
