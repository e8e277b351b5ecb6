import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RouteRules } from '../../lib/access/route-rules.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';

const JSON_IN_UTF_8 = /^application\/json; ?charset=utf-8$/i;
/** What a cache in between takes for a file, and keeps. */
const ENDINGS = ['/x.css', '.css', '/x.js', '.png', '/favicon.ico', '%2fx.css', ';x.css', '%00.css', '%3fx.css'];

describe.each(ADAPTERS)('answers of the endpoints, on %s', (adapter) => {
  let app: TestApp;
  let routes: readonly (readonly [verb: string, path: string])[];

  beforeAll(async () => {
    app = await startApp({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    routes = app
      .get(RouteRules)
      .entries()
      .filter(({ own, kind }) => own && kind === 'http')
      .flatMap(({ route }) =>
        (route?.paths ?? []).map((path) => [route!.method, `/auth${path}`.replace(/:\w+/g, 'x')] as const),
      );
  });
  afterAll(() => app.close());

  async function signedIn(email: string): Promise<Client> {
    const client = app.client();
    await client.register(email);
    await client.signIn(email);
    return client;
  }

  it('say their type and their alphabet', async () => {
    for (const client of [app.client(), await signedIn('grace@example.com')]) {
      for (const [verb, path] of routes.filter(([, one]) => !/logout|oauth\/x/.test(one))) {
        const { text, headers, status } = await client.call(verb, path, { body: /^P/.test(verb) ? {} : undefined });
        if (text !== '') expect(headers.get('content-type'), `${verb} ${path} ${status}`).toMatch(JSON_IN_UTF_8);
      }
    }
  });

  it('are not found under a name that caches keep', async () => {
    const user = await signedIn('ada@example.com');
    for (const path of ['/auth/me', '/auth/session', '/auth/sessions']) {
      expect((await user.get(path)).status).toBe(200);
      for (const ending of ENDINGS) {
        const { status, text } = await user.get(path + ending);
        expect(status, path + ending).toBeGreaterThanOrEqual(400);
        expect(text).not.toContain('ada@example.com');
      }
    }
  });
});
