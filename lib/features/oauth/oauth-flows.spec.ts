import type { HttpAdapterHost } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { CookieJar } from '../../cookies/cookie-jar.js';
import { Keyring } from '../../keys/keyring.js';
import { resolveSettings } from '../../options/resolve-options.js';
import { MemoryStateStore } from '../../store/memory-state-store.js';
import { TestClock } from '../../testing/test-clock.js';
import { FLOW_LIFE_MS, type OAuthFlow } from './oauth-flow.js';
import { OAuthFlows } from './oauth-flows.service.js';

const SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';
const redirectUri = 'https://api.example.com/auth/oauth/one/callback';
const asked = {
  provider: 'one',
  redirectUri,
  purpose: 'sign-in',
  returnTo: 'https://x.example/',
  rememberMe: false,
} as const;

/** A browser that keeps the one cookie, and the flows as one process has them. */
function stand(clock = new TestClock(), secret = SECRET) {
  const lines: string[] = [];
  const httpAdapter = { appendHeader: (_response: unknown, _name: string, line: string) => lines.push(line) };
  const settings = resolveSettings({ secret, baseUrl: 'https://api.example.com' }, { NODE_ENV: 'test' });
  const jar = new CookieJar(settings, { httpAdapter } as unknown as HttpAdapterHost);
  const process = () => new OAuthFlows(jar, new Keyring(settings, clock), new MemoryStateStore(clock), clock);
  const request = () => ({ headers: { cookie: lines.at(-1)?.split(';')[0] } });
  const flows = process();
  const begin = (more: Partial<OAuthFlow> = {}): OAuthFlow => {
    const flow = flows.describe({ ...asked, ...more });
    flows.keep(request(), {}, flow);
    return flow;
  };
  const find = (flow: OAuthFlow, more: object = {}) => flows.find(request(), { ...flow, ...more });
  return { flows, begin, find, request, process, clock, lines };
}

describe('flows that are under way', () => {
  it('are three at a time: the oldest goes, and each is found by its state', () => {
    const { begin, find, lines } = stand();
    const [first, ...kept] = [begin(), begin(), begin(), begin()];
    expect(find(first)).toBeUndefined();
    for (const flow of kept) expect(find(flow)).toEqual(flow);
    expect(lines.at(-1)).toMatch(/^__Host-auth_oauth=.*Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });

  it('are found for their provider and their address alone', () => {
    const { begin, find } = stand();
    const flow = begin();
    expect(find(flow, { provider: 'two' })).toBeUndefined();
    expect(find(flow, { redirectUri: `${redirectUri}/` })).toBeUndefined();
    expect(find(flow, { state: `${flow.state}x` })).toBeUndefined();
    expect(find(flow, { state: '' })).toBeUndefined();
  });

  it('fit a cookie, however long they are', () => {
    const { begin, find, lines } = stand();
    const returnTo = `https://x.example/${'y'.repeat(490)}`;
    const flows = [1, 2, 3].map(() => begin({ returnTo, scope: 's'.repeat(200) }));
    expect(Buffer.byteLength(lines.at(-1)!)).toBeLessThan(4_096);
    expect(find(flows[2]!)).toEqual(flows[2]);
  });

  it('are those of this application: what another one sealed counts for nothing', () => {
    const [ours, theirs] = [stand(), stand(undefined, 'Jq7mW2xTnB5vKc9RzL4hYd8PfS1gAe6UoM3iQtZwCkE')];
    const flow = theirs.begin();
    expect(ours.flows.find(theirs.request(), flow)).toBeUndefined();
    for (const cookie of ['__Host-auth_oauth=~~~', '__Host-auth_oauth=v1.x.y.z', undefined]) {
      expect(ours.flows.find({ headers: { cookie } }, flow)).toBeUndefined();
    }
  });

  it('end after ten minutes, and with the store that would know of their use', () => {
    const { flows, begin, process, clock } = stand();
    const flow = begin();
    clock.advance(FLOW_LIFE_MS - 1);
    expect([flows.isInTime(flow), process().isInTime(flow)]).toEqual([true, false]);
    clock.advance(1);
    expect(flows.isInTime(flow)).toBe(false);
  });

  it('are used once, of 30 that try at once, and leave the others', async () => {
    const { flows, begin, find, request } = stand();
    const [one, two] = [begin(), begin()];
    const used = await Promise.all(Array.from({ length: 30 }, () => flows.use(one)));
    expect(used.filter(Boolean)).toHaveLength(1);
    flows.drop(request(), {}, one);
    expect([find(one), find(two)]).toEqual([undefined, two]);
  });
});
