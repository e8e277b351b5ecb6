import { expect, it } from 'vitest';
import { TestMailbox } from '../../lib/testing/test-mailbox.js';
import { startMailLab } from './kit.js';

it('keeps mail for tests of applications, and hands each out once', async () => {
  const mailbox = new TestMailbox();
  const lab = await startMailLab({ transport: mailbox, auth: { jobs: 'timers' } });
  await lab.post('ada@example.com', 'bob@example.com');
  const mail = await mailbox.next('Ada@example.com', 'verify-email');
  expect(mail.text).toContain('#token=');
  await mailbox.next('bob@example.com');
  expect(mailbox.all()).toHaveLength(2);
  expect(mailbox.all('bob@example.com')).toHaveLength(1);
  await expect(mailbox.next('ada@example.com', undefined, 20)).rejects.toThrow('No mail');
  const later = mailbox.next('ada@example.com');
  await lab.post('ada@example.com');
  expect((await later).id).not.toBe(mail.id);
  await lab.close();
});
