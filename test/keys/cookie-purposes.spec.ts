import { afterEach, describe, expect, it } from 'vitest';
import { newPerson, signedIn } from '../sessions/kit.js';
import { at, names, NEW, OLD, place, type Values } from './cookie-kit.js';

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

describe('a purpose with a secret of its own', () => {
  it.each([
    ['session-cookie', ['auth_session']],
    ['device-cookie', ['auth_device']],
    ['csrf', ['XSRF-TOKEN']],
  ] as const)('%s: its own cookie alone is set again, on the way there and on the way back', async (purpose, moved) => {
    const { start } = await place('express', undo);
    const cookies = { xsrfCookie: true };
    const before = await start({ secret: OLD, cookies });
    let browser = await signedIn(before, await newPerson(before));
    const ways: readonly Values[] = [
      // Gets a secret of its own, in two deployments.
      { secret: OLD, acceptedSecrets: [{ secret: NEW }] },
      {
        secret: OLD,
        secrets: { [purpose]: NEW },
        acceptedSecrets: [{ secret: OLD, notAfter: '2099-01-01T00:00:00Z' }],
      },
      // Gives it up again.
      { secret: OLD, secrets: { [purpose]: NEW }, acceptedSecrets: [{ secret: OLD }] },
      { secret: OLD, acceptedSecrets: [{ secret: NEW }] },
    ];
    const seen: string[][] = [];
    for (const way of ways) {
      browser = at(await start({ ...way, cookies }), browser);
      const answer = await browser.post('/pages/mine');
      expect(answer.status).toBe(201);
      seen.push(names(answer));
    }
    expect(seen).toEqual([[], moved, [], moved]);
  });

  it('a readable CSRF cookie whose secret is gone is put right, so that the page can go on', async () => {
    const { start } = await place('express', undo);
    const cookies = { xsrfCookie: true };
    const before = await start({ secret: OLD, cookies });
    const browser = at(
      await start({ secret: OLD, secrets: { csrf: NEW }, cookies }),
      await signedIn(before, await newPerson(before)),
    );
    expect(names(await browser.get('/pages/mine'))).toEqual(['XSRF-TOKEN']);
    browser.csrfToken = browser.cookies.get('XSRF-TOKEN');
    expect((await browser.post('/pages/mine')).status).toBe(201);
  });
});

describe('the end of an accepted secret', () => {
  it('ends what it alone signed, at that moment, on the same instance', async () => {
    const { clock, start } = await place('express', undo);
    const before = await start({ secret: OLD });
    const person = await newPerson(before);
    const [comesBy, staysAway] = [await signedIn(before, person), await signedIn(before, person)];
    const notAfter = new Date(clock.now() + 10 * 60_000).toISOString();
    const after = await start({ secret: NEW, acceptedSecrets: [{ secret: OLD, notAfter }] });
    const moved = at(after, comesBy);
    expect((await moved.get('/pages/mine')).status).toBe(200);
    clock.advance(10 * 60_000 - 1);
    expect((await at(after, comesBy).get('/pages/mine')).status).toBe(200);
    clock.advance(1);
    expect((await at(after, comesBy).get('/pages/mine')).status).toBe(401);
    expect((await at(after, staysAway).get('/pages/mine')).status).toBe(401);
    expect((await moved.get('/pages/mine')).status).toBe(200);
    // The session itself is as live as before: it is its cookie that has ended. So nothing of it is cleared.
    const refused = await at(after, staysAway).get('/pages/mine');
    expect(refused.setCookies).toEqual([]);
  });
});
