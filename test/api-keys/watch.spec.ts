import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, ApiKeys, Checklist } from '../../lib/index.js';
import { startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import { codeOf, header, WorkshopController } from './kit.js';

const DAY_MS = 86_400_000;

describe('whoever owns or runs it', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startPostOffice({ controllers: [WorkshopController], auth: { rateLimits: { multiplier: 1 } } });
  });
  afterAll(() => office.close());

  it('is told by mail of a new key, and of those that outlive a new password', async () => {
    const { id, email } = await office.person();
    const keys = office.get(ApiKeys);
    await office.get(Accounts).setPassword(id, `${PASSWORD} anew`);
    expect((await office.mail(email, 'password-changed')).text).not.toContain('API key');
    const made = await keys.create(id, { name: 'Robot' });
    const notice = await office.mail(email, 'second-factor-changed');
    expect(notice.subject).toContain('API key made');
    expect(notice.text).not.toContain(made.key);
    await office.get(Accounts).setPassword(id, `${PASSWORD} again`);
    expect((await office.mail(email, 'password-changed')).text).toContain(
      'One API key of your account goes on working',
    );
    await keys.revoke(id, (await keys.create(id, { name: 'Over' })).id);
    await keys.update(id, (await keys.create(id, { name: 'Asleep' })).id, { paused: true });
    await office.get(Accounts).setPassword(id, `${PASSWORD} at last`);
    expect((await office.mail(email, 'password-changed')).text).toContain('2 API keys of your account go on working');
  });

  it('sees keys that nobody has used for 90 days on the checklist', async () => {
    const { id } = await office.person();
    const checklist = office.get(Checklist);
    const entry = async () => {
      office.clock.advance(11 * 60_000);
      return (await checklist.report()).entries.find((each) => each.id === 'access.api-keys');
    };
    await office.get(ApiKeys).revokeAll(id);
    const { key } = await office.get(ApiKeys).create(id, { name: 'Used' });
    expect(await entry()).toMatchObject({ outcome: 'passed' });
    office.clock.advance(91 * DAY_MS);
    const found = await entry();
    expect(found).toMatchObject({ outcome: 'finding', severity: 'note' });
    const { unused, lookedAt } = (found as unknown as { evidence: object }).evidence as {
      unused: number;
      lookedAt: number;
    };
    expect(unused).toBe(lookedAt);
    expect(codeOf(await office.client().get('/work', header(key)))).toBe('200');
    expect(await entry()).toMatchObject(unused === 1 ? { outcome: 'passed' } : { evidence: { unused: unused - 1 } });
  });

  it('pays for made-up keys with 300 look-ups a minute for an address, which stop no key that is in use', async () => {
    const { id } = await office.person();
    const known = await office.get(ApiKeys).create(id, { name: 'In use' });
    const late = await office.get(ApiKeys).create(id, { name: 'Not met yet' });
    const ask = async (key: string) => codeOf(await office.client().get('/work', header(key)));
    expect(await ask(known.key)).toBe('200');
    const answers: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      answers.push(...(await Promise.all(Array.from({ length: 31 }, (_, turn) => ask(madeUp(round * 31 + turn))))));
    }
    expect(answers.filter((answer) => answer === '401 INVALID_API_KEY').length).toBeLessThan(300);
    expect(answers.filter((answer) => answer === '429 RATE_LIMITED').length).toBeGreaterThan(9);
    expect(await ask(known.key)).toBe('200');
    expect(await ask(late.key)).toBe('429 RATE_LIMITED');
    office.clock.advance(60_001);
    expect(await ask(late.key)).toBe('200');
  });
});

function madeUp(number: number): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const body = `gk_test_${number.toString(16).padStart(32, '0')}_${'0'.repeat(43)}`;
  let text = '';
  for (let rest = crc32(body); text.length < 6; rest = Math.floor(rest / 62)) text = digits[rest % 62]! + text;
  return body + text;
}
