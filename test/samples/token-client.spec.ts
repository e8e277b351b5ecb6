import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  FOLDER,
  generationOf,
  startTokensSample,
  type StoredTokens,
  type TokensSample,
} from './tokens-sample.js';

let sample: TokensSample;
let TokenClient: any;

beforeAll(async () => {
  sample = await startTokensSample();
  ({ TokenClient } = await import(pathToFileURL(path.join(FOLDER, 'public', 'token-client.js')).href));
});

afterAll(() => sample?.stop());

/** A client that has signed in; its requests go through `network`. */
async function signedIn(network: (send: () => Promise<Response>, address: string, options: RequestInit) => unknown) {
  let tokens: StoredTokens = {};
  const sent: string[] = [];
  const write = async (next: StoredTokens): Promise<void> => {
    await sleep(20);
    tokens = next;
    sent.push('stored');
  };
  const shared = {
    url: sample.url,
    store: { read: () => tokens, write },
    exclusively: async (work: () => unknown) => work(),
  };
  await new TokenClient(shared).signIn(ACCOUNT.email, ACCOUNT.password);
  sent.length = 0;
  const through = (address: string, options: RequestInit) => {
    sent.push(address.slice(sample.url.length));
    return network(() => fetch(address, options), address, options);
  };
  const client = new TokenClient({ ...shared, fetch: through, answerMs: 1_500 });
  const expire = () => (tokens = { ...tokens, refreshAt: 0 });
  return { client, sent, expire, tokens: () => tokens };
}

const isRefresh = (address: string) => address.endsWith('/refresh');
const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json({ statusCode: status, code, message: code }, { status, headers });

describe('the client of the token sample', { timeout: 30_000 }, () => {
  it('tells a visit in Node.js to its end', async () => {
    const run = promisify(execFile)(process.execPath, [path.join(FOLDER, 'client.mjs'), sample.url]);
    const { stdout, stderr } = await run;
    expect(run.child.exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('The phone writes: 403 FORBIDDEN');
    expect(stdout.match(/Refreshes: \d/g)).toEqual(['Refreshes: 1', 'Refreshes: 2']);
    expect(stdout).toContain('The copy: REFRESH_TOKEN_REUSED');
    expect(stdout).toContain('The phone: INVALID_REFRESH_TOKEN');
    expect(stdout).toContain('now answered 401');
  });

  it('gives up on an answer that does not come, and sends the same token again', async () => {
    const bodies: unknown[] = [];
    const { client, expire, tokens } = await signedIn(async (send, address, options) => {
      if (!isRefresh(address)) return send();
      bodies.push(options.body);
      if (bodies.length > 1) return send();
      await send();
      return new Promise((_resolve, reject) => {
        options.signal?.addEventListener('abort', () => reject(new Error('Given up.')));
      });
    });
    const { refreshToken } = expire();
    await client.request('/notes');
    const same = JSON.stringify({ refresh_token: refreshToken });
    expect(bodies).toEqual([same, same]);
    expect(generationOf(tokens())).toBe(1);
  });

  it('tries three times, and keeps its tokens for a better moment', async () => {
    const { client, sent, expire, tokens } = await signedIn(() => Promise.reject(new TypeError('No network.')));
    const before = expire();
    await expect(client.request('/notes')).rejects.toMatchObject({ status: 0 });
    expect(sent.filter(isRefresh)).toHaveLength(3);
    expect(tokens()).toEqual(before);
    expect(await client.isSignedIn()).toBe(true);
  });

  it.each([429, 503])('waits for Retry-After on %i', async (status) => {
    const times: number[] = [];
    const { client, expire } = await signedIn(async (send, address) => {
      if (!isRefresh(address)) return send();
      times.push(performance.now());
      return times.length > 1 ? send() : refusal(status, 'BUSY', { 'Retry-After': '2' });
    });
    expire();
    await client.request('/notes');
    expect(times).toHaveLength(2);
    expect(times[1]! - times[0]!).toBeGreaterThan(1_950);
  });

  it('leaves a long wait to the user', async () => {
    const { client, sent, expire } = await signedIn(() => refusal(429, 'RATE_LIMITED', { 'Retry-After': '600' }));
    expire();
    await expect(client.request('/notes')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 600 });
    expect(sent).toEqual(['/auth/token/refresh']);
    expect(await client.isSignedIn()).toBe(true);
  });

  it('refreshes once for a refused access token, stores before it goes on, and never loops', async () => {
    const { client, sent } = await signedIn((send, address) =>
      isRefresh(address) ? send() : refusal(401, 'INVALID_ACCESS_TOKEN'),
    );
    await expect(client.request('/notes')).rejects.toMatchObject({ code: 'INVALID_ACCESS_TOKEN' });
    expect(sent).toEqual(['/notes', '/auth/token/refresh', 'stored', '/notes']);
  });

  it('takes a page of somebody in between for no answer', async () => {
    let portals = 0;
    const { client, expire, tokens } = await signedIn((send, address) => {
      if (!isRefresh(address) || portals > 0) return send();
      portals += 1;
      return new Response('<h1>Welcome to our network</h1>', { headers: { 'Content-Type': 'text/html' } });
    });
    expire();
    await expect(client.request('/notes')).resolves.toMatchObject({ items: [] });
    expect(generationOf(tokens())).toBe(1);
  });

  it('forgets its tokens at a sign-out that the server is not told of', async () => {
    const { client, tokens } = await signedIn(() => Promise.reject(new TypeError('No network.')));
    await expect(client.signOut()).rejects.toMatchObject({ status: 0 });
    expect(Object.keys(tokens())).toEqual(['deviceToken']);
  });

  it('sends its access token to no other server', async () => {
    const { client, sent } = await signedIn((send) => send());
    await expect(client.request('@example.com/')).rejects.toThrow('slash');
    expect(sent).toEqual([]);
  });
});
