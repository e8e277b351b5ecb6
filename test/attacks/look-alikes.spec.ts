import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalIdentifier } from '../../lib/common/email-address.js';
import { tryPassword } from '../attempts/kit.js';
import { startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { ADAPTERS, PASSWORD } from '../support/app.js';
import type { Answer } from '../support/client.js';

/** Addresses that a person, or a database that folds letters, may take for `kim.silk@example.com`. */
const LOOK_ALIKES: readonly (readonly [what: string, address: string])[] = [
  ['the Kelvin sign', '\u212aim.silk@example.com'],
  ['a dotless i', 'k\u0131m.silk@example.com'],
  ['a capital I with a dot', 'K\u0130M.SILK@EXAMPLE.COM'],
  ['a long s', 'kim.\u017filk@example.com'],
  ['Cyrillic i', 'k\u0456m.silk@example.com'],
  ['Greek kappa', '\u03baim.silk@example.com'],
  ['full width letters', '\uff4b\uff49\uff4d.silk@example.com'],
  ['a full width at sign', 'kim.silk\uff20example.com'],
  ['a small at sign', 'kim.silk\ufe6bexample.com'],
  ['a full width dot', 'kim.silk@example\uff0ecom'],
  ['an ideographic dot', 'kim.silk@example\u3002com'],
  ['mathematical letters', '\u{1d424}im.silk@example.com'],
  ['a ligature of the host', 'kim.silk@exampl\u00e9.com'],
  ['a combining dot', 'ki\u0307m.silk@example.com'],
  ['a soft hyphen', 'kim.\u00adsilk@example.com'],
  ['a zero width space', 'kim\u200b.silk@example.com'],
  ['a zero width joiner', 'kim\u200d.silk@example.com'],
  ['a word joiner', 'kim.silk@exam\u2060ple.com'],
  ['a byte order mark', 'kim\ufeff.silk@example.com'],
  ['text from right to left', '\u202ekim.silk@example.com'],
  ['a variation selector', 'kim\ufe0f.silk@example.com'],
  ['a NUL', 'kim.silk@example.com\u0000'],
  ['half a character', 'kim.silk\ud800@example.com'],
  ['two at signs', 'kim.silk@example.com@example.com'],
  ['a second address', 'kim.silk@example.com,eve@example.net'],
  ['a header', 'kim.silk@example.com\r\nBcc: eve@example.net'],
  ['a comment', 'kim.silk(eve)@example.com'],
  ['quotes', '"kim.silk"@example.com'],
  ['a route', '<@example.net:kim.silk@example.com>'],
];

describe.each(ADAPTERS)('look-alikes of an address, on %s', (adapter) => {
  const email = 'kim.silk@example.com';
  let office: PostOffice;

  beforeAll(async () => {
    office = await startPostOffice({ adapter, auth: { trustedProxyHops: 1 } });
    await office.client().register(email);
    const { token } = await office.mail(email, 'verify-email');
    expect((await office.client().post('/auth/email/verify', { token })).status).toBe(204);
    expect((await office.client().signIn(email)).status).toBe(200);
  });
  afterAll(() => office.close());

  /** From an address of the net that nobody else has: its budget is not the subject. */
  const signIn = (address: string, password = PASSWORD): Promise<Answer> => tryPassword(office, address, { password });

  const users = (): Promise<{ email: string }[]> => office.dataSource.query('SELECT email FROM users');

  it('make no account, open no other and reach nobody’s mailbox', async () => {
    const mails = office.mailbox.all().length;
    for (const [what, address] of LOOK_ALIKES) {
      expect(address).not.toBe(email);
      const registered = await office.client().register(address);
      expect([what, registered.status]).toEqual([what, 400]);
      // The Kelvin sign is a K in every Unicode form: the same name, whose owner has the password.
      const isSame = canonicalIdentifier(address) === email;
      const { status } = await signIn(address);
      expect([what, (isSame ? [200] : [400, 401]).includes(status)]).toEqual([what, true]);
      for (const path of ['password/forgot', 'magic-link/request', 'email-code/request', 'email/verify/request']) {
        const asked = await office.client().post(`/auth/${path}`, { email: address });
        expect([what, path, asked.status]).toEqual([what, path, 400]);
      }
    }
    await office.deliver();
    // Of the one who did sign in the owner is told.
    const sent = office.mailbox.all().slice(mails);
    expect(sent.filter(({ to, kind }) => to !== email || kind !== 'new-device')).toEqual([]);
    expect(await users()).toEqual([{ email }]);
  });

  it('what is the same address for everybody is the same here', async () => {
    for (const same of [
      'KIM.SILK@EXAMPLE.COM',
      ' kim.silk@example.com ',
      '\ufeffkim.silk@example.com',
      'Kim.Silk@Example.Com',
    ]) {
      expect([same, (await signIn(same)).status]).toEqual([same, 200]);
      expect((await office.client().register(same)).status).toBe(202);
    }
    // Dots and what follows a plus are another mailbox: providers differ.
    for (const other of ['kimsilk@example.com', 'kim.silk+x@example.com']) {
      expect([other, (await signIn(other)).status]).toEqual([other, 401]);
    }
    expect(await users()).toEqual([{ email }]);
  });

  it('in a password are another password, but for how its letters are composed', async () => {
    const password = `Ångström ﬁnds ${PASSWORD}`;
    const client = office.client();
    await client.register('password@example.com', password);
    const { token } = await office.mail('password@example.com', 'verify-email');
    await client.post('/auth/email/verify', { token });
    const status = async (typed: string): Promise<number> => (await signIn('password@example.com', typed)).status;
    expect(await status(password.normalize('NFC'))).toBe(200);
    expect(await status(password.normalize('NFD'))).toBe(200);
    expect(await status(password.normalize('NFKC'))).toBe(401);
    expect(await status(password.replace('Å', 'A'))).toBe(401);
    expect(await status(`${password}\u200b`)).toBe(401);
  });
});
