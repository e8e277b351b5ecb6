import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, PasswordHasher } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { PASSWORD, STACKS, startApp, type TestApp } from '../support/app.js';

/** Counts the passwords that are looked at. */
@Injectable()
class CountingHasher extends FastPasswordHasher {
  checked = 0;

  override verify(password: string, stored: string): Promise<boolean> {
    this.checked += 1;
    return super.verify(password, stored);
  }
}

const ROUNDS = 100;

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe.each(STACKS)(`${ROUNDS} rounds of every race on $database and $store`, (stack) => {
  async function start(): Promise<{ app: TestApp; hasher: CountingHasher }> {
    running = await startApp({
      ...stack,
      auth: { rateLimits: { multiplier: 1_000_000 }, attempts: { sharedAddresses: ['127.0.0.0/8'] } },
      override: (builder) => builder.overrideProvider(PasswordHasher).useClass(CountingHasher),
    });
    return { app: running, hasher: running.get(PasswordHasher) as CountingHasher };
  }

  it('thirty registrations of one address: one account', { timeout: 600_000 }, async () => {
    const { app } = await start();
    for (let round = 0; round < ROUNDS; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => app.client().register(`race${round}@example.com`)),
      );
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
        new Set(['202 {"status":"accepted"}']),
      );
    }
    const [{ n }] = await app.dataSource.query('SELECT count(*) AS n FROM users');
    expect(Number(n)).toBe(ROUNDS);
  });

  it('two hundred wrong passwords: five are looked at, also for nobody', { timeout: 600_000 }, async () => {
    const { app, hasher } = await start();
    for (let round = 0; round < ROUNDS / 5; round += 1) {
      if (round % 2 === 0) await app.get(Accounts).create({ email: `target${round}@example.com`, password: PASSWORD });
      const before = hasher.checked;
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          app.client().signIn(`target${round}@example.com`, `wrong number ${index}`),
        ),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(hasher.checked - before).toBeLessThanOrEqual(5);
      expect(statuses.filter((status) => status === 401)).toHaveLength(hasher.checked - before);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
    }
  });

  it('thirty revocations of one session: one 204, and nobody gets in after it', { timeout: 600_000 }, async () => {
    const { app } = await start();
    await app.get(Accounts).create({ email: 'ada@example.com', password: PASSWORD });
    for (let round = 0; round < ROUNDS; round += 1) {
      const [owner, thief] = [app.client(), app.client()] as const;
      await owner.signIn('ada@example.com');
      await thief.signIn('ada@example.com');
      const { body } = await thief.get('/auth/sessions');
      const { id } = body.items.find((item: { current: boolean }) => item.current);
      const answers = await Promise.all(Array.from({ length: 30 }, () => owner.delete(`/auth/sessions/${id}`)));
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      expect((await thief.get('/auth/me')).status).toBe(401);
      await owner.delete('/auth/sessions?keepCurrent=false');
    }
  });

  it('thirty readers beside a change of role: none sees the old one after it', { timeout: 600_000 }, async () => {
    const { app } = await start();
    const accounts = app.get(Accounts);
    const { id } = (await accounts.create({ email: 'ada@example.com', password: PASSWORD }))!;
    const ada = app.client();
    await ada.signIn('ada@example.com');
    for (let round = 0; round < ROUNDS; round += 1) {
      const readers = Array.from({ length: 30 }, () => ada.get('/auth/admin/checklist'));
      await accounts.assignRole(id, 'admin');
      expect((await ada.get('/auth/admin/checklist')).status).toBe(200);
      const more = Array.from({ length: 30 }, () => ada.get('/auth/admin/checklist'));
      await accounts.removeRole(id, 'admin');
      expect((await ada.get('/auth/admin/checklist')).status).toBe(403);
      await Promise.all([...readers, ...more]);
    }
  });
});
