import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tokens } from '../../lib/index.js';
import { RouteRules } from '../../lib/access/route-rules.js';
import { ADAPTERS } from '../support/app.js';
import { tokensOf } from '../instances/pair.js';
import { bearer, codeOf, header, makeKey, newOwner, startWorkshop, type Owner, type Workshop } from './kit.js';

const ID = '01920000-0000-7000-8000-000000000000';

describe.each(ADAPTERS)('the endpoints of Gatehouse, on %s', (adapter) => {
  let app: Workshop;
  let owner: Owner;
  let key: string;
  beforeAll(async () => {
    app = await startWorkshop({ adapter });
    owner = await newOwner(app, ['admin', 'clerk']);
    ({ key } = await makeKey(owner));
  });
  afterAll(() => app.close());

  it('refuse an API key, whatever its owner may: all but asking about tokens', async () => {
    const routes = app
      .get(RouteRules)
      .entries()
      .filter(({ own, kind, rule }) => own && kind === 'http' && rule.mode === 'required')
      .flatMap(({ route }) => (route?.paths ?? []).map((path) => ({ verb: route!.method, path })));
    expect(routes.length).toBeGreaterThan(30);
    expect(routes.map(({ path }) => path)).toContain('/me');
    const open: string[] = [];
    for (const { verb, path } of routes) {
      const at = `/auth${path.replace(/:\w+/g, ID)}`;
      const body = verb === 'GET' ? undefined : {};
      for (const how of [bearer, header]) {
        const answer = await app.client().call(verb, at, { body, ...how(key) });
        if (codeOf(answer) !== '403 FORBIDDEN') open.push(`${verb} ${path}: ${codeOf(answer)}`);
      }
    }
    expect([...new Set(open)]).toEqual(['POST /token/introspect: 400 VALIDATION_FAILED']);
  });

  it('say of no key whose it is at GET /auth/session, and public ones look at none', async () => {
    const session = await app.client().get('/auth/session', header(key));
    expect(codeOf(session)).toBe('403 FORBIDDEN');
    expect((await app.client().signIn(owner.email, undefined, {})).status).toBe(200);
    const signIn = { email: owner.email, password: 'wrong' };
    expect((await app.client().post('/auth/login', signIn, header('gk_bad'))).body.code).toBe('INVALID_CREDENTIALS');
  });

  it('tell about tokens of anybody, to a key with the scope for it', async () => {
    const other = await newOwner(app);
    const { access_token: token } = await tokensOf(app, other.email);
    const mine = await tokensOf(app, owner.email);
    const ask = (by: string, about: string) =>
      app.client().post('/auth/token/introspect', { token: about }, header(by));
    expect((await ask(key, token)).body).toMatchObject({ active: true, sub: other.userId });
    const limited = await makeKey(owner, { scopes: ['notes:read'] });
    for (const about of [token, mine.access_token]) {
      const refused = await ask(limited.key, about);
      expect(refused.status).toBe(403);
      expect(refused.body.code).toBe('FORBIDDEN');
    }
    const poor = await makeKey(other);
    expect((await ask(poor.key, token)).status).toBe(403);
    // A key is no token of ours.
    expect((await ask(key, key)).body).toEqual({ active: false });
    expect(await app.get(Tokens).introspect(key)).toEqual({ active: false });
  });
});
