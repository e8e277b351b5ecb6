import { afterAll, beforeAll, expect, it } from 'vitest';
import { RouteRules } from '../../lib/access/route-rules.js';
import { startApp, type TestApp } from '../support/app.js';
import { acting, type Scene } from './kit.js';

/** All that is open to whoever acts as somebody else, beside what looks at no credential. */
const OPEN = ['GET /session', 'GET /me', 'DELETE /impersonation'];

let app: TestApp;
let begun: Scene;
let routes: readonly { readonly method: string; readonly path: string; readonly mode: string }[];

beforeAll(async () => {
  app = await startApp();
  begun = await acting(app);
  routes = app
    .get(RouteRules)
    .entries()
    .filter(({ own, kind }) => own && kind === 'http')
    .flatMap(({ route, rule }) => route!.paths.map((path) => ({ method: route!.method, path, mode: rule.mode })));
});

afterAll(() => app.close());

it('closes every route of Gatehouse that asks who calls', async () => {
  const guarded = routes.filter(({ mode }) => mode !== 'public');
  expect(guarded.length).toBeGreaterThan(50);
  const open: string[] = [];
  for (const { method, path } of guarded) {
    const name = `${method} /${path.replace(/^\//, '')}`;
    if (OPEN.includes(name)) continue;
    const url = `/auth/${path.replace(/^\//, '').replaceAll(/:\w+/g, '00000000-0000-7000-8000-000000000000')}`;
    const { status, body } = await begun.browser.call(method, url, method === 'GET' ? {} : { body: {} });
    if (status !== 403 || body?.code !== 'IMPERSONATION_FORBIDDEN') open.push(`${name}: ${status} ${body?.code}`);
  }
  expect(open).toEqual([]);
});

it('leaves those open that show and end it', async () => {
  const answers = [];
  for (const name of OPEN) {
    const [method = '', path = ''] = name.split(' ');
    answers.push((await begun.browser.call(method, `/auth${path}`)).status);
  }
  expect(answers).toEqual([200, 200, 200]);
});
