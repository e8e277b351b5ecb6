import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../lib/database/database.js';
import { Accounts } from '../../lib/index.js';
import { Outbox, type NewLetter } from '../../lib/mail/outbox.js';
import { RecoveryLab } from './kit.js';

const NOTICES = ['password-changed', 'new-device', 'refresh-token-reused'] as const;
const DATA = { address: '192.0.2.7', device: 'Firefox on Linux' };

describe('what owners are told', () => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start();
  });
  afterAll(() => lab.close());

  function post(letter: Omit<NewLetter, 'locale'>): Promise<void> {
    return lab.app.get(Database).write((manager) => lab.app.get(Outbox).add(manager, { ...letter, locale: 'en' }));
  }

  it.each(NOTICES)('%s says when, where and by what, without a link that opens anything', async (kind) => {
    const { userId, email } = await lab.newPerson();
    await post({ kind, userId, data: DATA });
    const at = new Date(lab.clock.now());
    const { text, html, token } = await lab.mail(email, kind);
    expect(token).toBeUndefined();
    for (const part of [text, html]) {
      expect(part).toContain(DATA.address);
      expect(part).toContain(DATA.device);
      expect(part).toContain(at.toISOString().slice(0, 10));
    }
  });

  it.each(NOTICES)('%s goes out however often, and to a disabled account too', async (kind) => {
    const { userId, email } = await lab.newPerson();
    await lab.app.get(Accounts).disable(userId);
    for (let times = 0; times < 8; times += 1) await post({ kind, userId, data: DATA });
    await lab.deliver();
    expect(lab.mailbox.all(email).filter((mail) => mail.kind === kind)).toHaveLength(8);
  });

  it.each(NOTICES)('%s is a mail without a client too, and none for an account that is gone', async (kind) => {
    const { userId, email } = await lab.newPerson();
    await post({ kind, userId });
    const { text } = await lab.mail(email, kind);
    expect(text).not.toMatch(/undefined|null/);
    await post({ kind, userId: '00000000-0000-7000-8000-000000000000', data: DATA });
    await post({ kind, userId: 'nobody', data: DATA });
    const before = lab.mailbox.all().length;
    await lab.deliver();
    expect(lab.mailbox.all()).toHaveLength(before);
  });

  it('the end of an account is told to the address that it had', async () => {
    const { userId, email } = await lab.newPerson();
    await lab.app.get(Accounts).delete(userId);
    expect((await lab.mail(email, 'account-deleted')).token).toBeUndefined();
  });
});
