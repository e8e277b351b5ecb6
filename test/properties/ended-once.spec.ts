import { afterEach, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';

let app: TestApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

it('sessions that a new password has ended are neither ended again nor counted', async () => {
  app = await startApp();
  const { id: userId } = (await app.get(Accounts).create({ email: 'ada@example.com', password: PASSWORD }))!;
  for (let index = 0; index < 3; index += 1) await app.client().signIn('ada@example.com');
  const { items } = await app.get(Sessions).list(userId);
  expect(items).toHaveLength(3);
  await app.get(Accounts).setPassword(userId, `${PASSWORD} anew`);
  const browser = app.client();
  await browser.signIn('ada@example.com', `${PASSWORD} anew`);
  expect((await browser.delete(`/auth/sessions/${items[0]!.id}`)).status).toBe(404);
  expect((await browser.delete('/auth/sessions')).body).toEqual({ revoked: 0 });
  await app.client().signIn('ada@example.com', `${PASSWORD} anew`);
  expect((await browser.delete('/auth/sessions')).body).toEqual({ revoked: 1 });
  expect(await app.get(Sessions).revokeAll(userId)).toBe(1);
  expect(await app.get(Sessions).revokeAll(userId)).toBe(0);
});
