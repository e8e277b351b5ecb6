import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_URL, landingOf, newAddress, newName, open, startHostileStand, type OAuthStand } from './kit.js';

let stand: OAuthStand;
beforeAll(async () => {
  stand = await startHostileStand({ auth: { origins: ['https://app.example.com'] } });
});
afterAll(() => stand.close());

const HOSTILE = [
  'https://evil.example',
  'https://evil.example/',
  'http://evil.example/auth',
  '//evil.example',
  '///evil.example',
  '////evil.example/..',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '\u0000//evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:\\\\evil.example',
  'hTTps://evil.example',
  'https://app.example.com@evil.example/',
  'https://app.example.com:pass@evil.example/',
  'https://app.example.com.evil.example/',
  'https://app.example.com%2eevil.example/',
  'https://app.example.comevil.example/',
  'https://evil.example#https://app.example.com',
  'https://evil.example?https://app.example.com',
  'http://app.example.com/',
  'https://app.example.com:8443/',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)//https://app.example.com',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'blob:https://app.example.com/1',
  'filesystem:https://app.example.com/1',
  'file:///etc/passwd',
  'view-source:https://app.example.com',
  'myapp://done',
  '//evil.example\\@app.example.com',
  '/.//evil.example',
  '/..//evil.example',
  '/x/..//evil.example',
  '//evil%E3%80%82example',
  '／／evil.example',
  '/%0d%0aLocation:%20https://evil.example',
  '/\r\nSet-Cookie: auth_session=planted',
  `/${'x'.repeat(10_000)}`,
] as const;

const ALLOWED_ORIGINS = [BASE_URL, 'https://app.example.com'];

/** Where a browser would be after the answer. */
function origin(href: string): string {
  return new URL(href, BASE_URL).origin;
}

describe('returnTo', () => {
  it.each(HOSTILE.map((form) => [JSON.stringify(form).slice(0, 60), form]))(
    '%s leads nowhere else',
    async (_, form) => {
      const { app, hostile } = stand;
      const client = app.client();
      const answer = await client.get(`/auth/oauth/hostile?returnTo=${encodeURIComponent(form)}`);
      expect(answer.setCookies.join()).not.toContain('planted');
      if (answer.status === 400) return;
      expect(answer.status).toBe(302);
      const location = answer.headers.get('location')!;
      if (!location.startsWith(hostile.issuer('hostile'))) {
        expect(ALLOWED_ORIGINS).toContain(origin(location));
        return;
      }
      const person = { sub: newName(), email: newAddress() };
      const back = await open(client, hostile.approve(location, person));
      expect(ALLOWED_ORIGINS).toContain(origin(back.headers.get('location')!));
      expect(new URL(back.headers.get('location')!, BASE_URL).pathname).not.toMatch(/^\/\//);
      expect(back.setCookies.join()).not.toContain('planted');
    },
  );

  it.each([
    ['/notes', `${BASE_URL}/notes`],
    ['/notes?page=2&of=3', `${BASE_URL}/notes?page=2&of=3`],
    ['https://app.example.com/notes', 'https://app.example.com/notes'],
  ])('%s is kept', async (form) => {
    const { app, hostile } = stand;
    const client = app.client();
    const answer = await client.get(`/auth/oauth/hostile?returnTo=${encodeURIComponent(form)}`);
    const person = { sub: newName(), email: newAddress() };
    const back = landingOf(await open(client, hostile.approve(answer.headers.get('location')!, person)));
    expect(back.error).toBeNull();
    expect(back.href.endsWith(form)).toBe(true);
  });

  it('is one, not two', async () => {
    const client = stand.app.client();
    const answer = await client.get('/auth/oauth/hostile?returnTo=/a&returnTo=//evil.example');
    expect([302, 400]).toContain(answer.status);
    if (answer.status === 302) {
      const location = answer.headers.get('location')!;
      expect([...ALLOWED_ORIGINS, new URL(stand.hostile.issuer('hostile')).origin]).toContain(origin(location));
    }
  });

  it('of a failure carries no text of the provider', async () => {
    const { app, hostile } = stand;
    const client = app.client();
    const answer = await client.get('/auth/oauth/hostile?returnTo=/notes');
    const redirect = { error: '<script>', error_description: 'come to evil.example', code: undefined };
    const back = await open(client, hostile.approve(answer.headers.get('location')!, { redirect }));
    expect(landingOf(back).href).toMatch(/\/notes\?error=OAUTH_FAILED$/);
    expect(back.text).not.toMatch(/script|evil/);
  });

  it('is as long as it will be on its way', async () => {
    const start = (letters: number) => {
      const query = new URLSearchParams({ returnTo: `/${'字'.repeat(letters)}` });
      return stand.app.client().get(`/auth/oauth/hostile?${query.toString()}`);
    };
    expect((await start(50)).status).toBe(302);
    expect((await start(60)).status).toBe(400);
  });
});
