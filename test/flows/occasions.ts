import { Accounts, Jobs } from '../../lib/index.js';
import { PASSWORD } from '../support/app.js';
import { NEW_PASSWORD, newAddress, WRONG_PASSWORD } from './kit.js';
import { UNKNOWN_TOKEN, UNSENDABLE, type Sweep } from './sweep.js';

const fail = (type: string): string => `${type}: failure`;

/** Each occasion and the rows that it writes: one for each event, and none for what limits and locks refuse. */
export const OCCASIONS: Readonly<
  Record<string, readonly [(sweep: Sweep) => Promise<() => Promise<unknown>>, readonly string[]]>
> = {
  registration: [async (s) => () => s.browser().register(newAddress()), ['account.registered']],
  'registration of a taken address': [
    async (s) => {
      const { email } = await s.member();
      return () => s.browser().register(email);
    },
    ['account.registration_repeated'],
  ],
  'a rejected password': [async (s) => () => s.browser().register(newAddress(), 'short'), []],
  'an address is proven': [
    async (s) => {
      const email = newAddress();
      await s.browser().register(email);
      const { token } = await s.mail(email, 'verify-email');
      return () => s.browser().post('/auth/email/verify', { token });
    },
    ['email.verified'],
  ],
  'an unknown verification link': [
    async (s) => () => s.browser().post('/auth/email/verify', { token: UNKNOWN_TOKEN }),
    [fail('email.verification_failed')],
  ],
  'another verification link': [
    async (s) => () => s.browser().post('/auth/email/verify/request', { email: newAddress() }),
    ['email.verification_requested'],
  ],
  'a sign-in': [
    async (s) => {
      const { email } = await s.member();
      return () => s.browser().signIn(email);
    },
    ['sign_in.succeeded'],
  ],
  'a sign-in of nobody': [async (s) => () => s.browser().signIn(newAddress()), [fail('sign_in.failed')]],
  'five wrong passwords, and two that the lock refuses': [
    async (s) => {
      const { email } = await s.member();
      return async () => {
        for (let wrong = 0; wrong < 7; wrong += 1) await s.browser().signIn(email, WRONG_PASSWORD);
      };
    },
    [...Array.from({ length: 5 }, () => fail('sign_in.failed')), fail('sign_in.locked')],
  ],
  'an unlock': [
    async (s) => {
      const { email } = await s.member();
      for (let wrong = 0; wrong < 5; wrong += 1) await s.browser().signIn(email, WRONG_PASSWORD);
      const { token } = await s.mail(email, 'unlock');
      return () => s.browser().post('/auth/unlock', { token });
    },
    ['account.unlocked'],
  ],
  'an unknown unlock link': [
    async (s) => () => s.browser().post('/auth/unlock', { token: UNKNOWN_TOKEN }),
    [fail('account.unlock_failed')],
  ],
  'a sign-out': [
    async (s) => {
      const { client } = await s.member();
      return () => client.post('/auth/logout');
    },
    ['session.ended'],
  ],
  'every other session is revoked': [
    async (s) => {
      const { email, client } = await s.member();
      await s.browser().signIn(email);
      return () => client.delete('/auth/sessions?keepCurrent=true');
    },
    ['session.all_revoked'],
  ],
  'tokens, and one used again': [
    async (s) => {
      const { email } = await s.member();
      const grant = { grant_type: 'password', username: email, password: PASSWORD };
      const first = (await s.browser().post('/auth/token', grant)).body;
      const second = (await s.browser().post('/auth/token/refresh', { refresh_token: first.refresh_token })).body;
      await s.browser().post('/auth/token/refresh', { refresh_token: second.refresh_token });
      return () => s.browser().post('/auth/token/refresh', { refresh_token: first.refresh_token });
    },
    [fail('refresh.reused')],
  ],
  'a reset is asked for by anybody': [
    async (s) => () => s.browser().post('/auth/password/forgot', { email: newAddress() }),
    ['password.reset_requested'],
  ],
  'a reset': [
    async (s) => {
      const { email } = await s.member();
      await s.browser().post('/auth/password/forgot', { email });
      const { token } = await s.mail(email, 'reset-password');
      await s.browser().post('/auth/password/reset', { token, password: 'short' });
      return () => s.browser().post('/auth/password/reset', { token, password: NEW_PASSWORD });
    },
    ['password.reset'],
  ],
  'an unknown reset link': [
    async (s) => () => s.browser().post('/auth/password/reset', { token: UNKNOWN_TOKEN, password: NEW_PASSWORD }),
    [fail('password.reset_failed')],
  ],
  'a change of password': [
    async (s) => {
      const { client } = await s.member();
      const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
      return () => client.post('/auth/password/change', body);
    },
    ['password.changed'],
  ],
  'a change of password with a wrong one': [
    async (s) => {
      const { client } = await s.member();
      const body = { currentPassword: WRONG_PASSWORD, password: NEW_PASSWORD };
      return () => client.post('/auth/password/change', body);
    },
    [fail('password.change_failed')],
  ],
  'a link signs in': [
    async (s) => {
      const { email } = await s.member();
      const client = s.browser();
      await client.post('/auth/magic-link/request', { email });
      const { token } = await s.mail(email, 'magic-link');
      return () => client.post('/auth/magic-link', { token });
    },
    ['sign_in.succeeded'],
  ],
  'a link is asked for': [
    async (s) => () => s.browser().post('/auth/magic-link/request', { email: newAddress() }),
    ['sign_in.link_requested'],
  ],
  'an unknown sign-in link': [
    async (s) => () => s.browser().post('/auth/magic-link', { token: UNKNOWN_TOKEN }),
    [fail('sign_in.failed')],
  ],
  'a first password': [
    async (s) => {
      const email = newAddress();
      await s.app.get(Accounts).create({ email, emailVerified: true });
      const client = s.browser();
      await client.post('/auth/magic-link/request', { email });
      const { token } = await s.mail(email, 'magic-link');
      await client.post('/auth/magic-link', { token });
      return () => client.post('/auth/password/set', { password: NEW_PASSWORD });
    },
    ['password.set'],
  ],
  'a code is asked for': [
    async (s) => () => s.browser().post('/auth/email-code/request', { email: newAddress() }),
    ['sign_in.code_requested'],
  ],
  'a code signs in, after a wrong one': [
    async (s) => {
      const { email } = await s.member();
      const client = s.browser();
      const { challenge } = (await client.post('/auth/email-code/request', { email })).body;
      const { code } = await s.mail(email, 'sign-in-code');
      return async () => {
        await client.post('/auth/email-code', { challenge, code: code === '111222' ? '111223' : '111222' });
        await client.post('/auth/email-code', { challenge, code });
      };
    },
    [fail('sign_in.failed'), 'sign_in.succeeded'],
  ],
  'a used code': [
    async (s) => {
      const { email } = await s.member();
      const client = s.browser();
      const { challenge } = (await client.post('/auth/email-code/request', { email })).body;
      const { code } = await s.mail(email, 'sign-in-code');
      await client.post('/auth/email-code', { challenge, code });
      return () => client.post('/auth/email-code', { challenge, code });
    },
    [fail('sign_in.failed')],
  ],
  'a code in a browser that asked for none, twice': [
    async (s) => {
      const { email } = await s.member();
      const { challenge } = (await s.browser().post('/auth/email-code/request', { email })).body;
      const { code } = await s.mail(email, 'sign-in-code');
      return async () => {
        await s.browser().post('/auth/email-code', { challenge, code });
        await s.browser().post('/auth/email-code', { challenge, code });
      };
    },
    [fail('sign_in.failed')],
  ],
  'what is no challenge': [
    async (s) => () => s.browser().post('/auth/email-code', { challenge: UNKNOWN_TOKEN, code: '111222' }),
    [],
  ],
  'a used link, looked at and presented': [
    async (s) => {
      const { email } = await s.member();
      const client = s.browser();
      await client.post('/auth/magic-link/request', { email });
      const { token } = await s.mail(email, 'magic-link');
      await client.post('/auth/magic-link', { token });
      return async () => {
        await client.post('/auth/magic-link/preview', { token });
        await client.post('/auth/magic-link', { token });
      };
    },
    [fail('sign_in.failed')],
  ],
  're-authentication, after a wrong password': [
    async (s) => {
      const { client } = await s.member();
      return async () => {
        await client.post('/auth/reauthenticate', { password: WRONG_PASSWORD });
        await client.post('/auth/reauthenticate', { password: PASSWORD });
      };
    },
    [fail('reauthentication.failed'), 'reauthentication.succeeded'],
  ],
  're-authentication by a code': [
    async (s) => {
      const { email, client } = await s.member();
      const { challenge } = (await client.post('/auth/reauthenticate/email-code')).body;
      const { code: emailCode } = await s.mail(email, 'confirm-code');
      return () => client.post('/auth/reauthenticate', { challenge, emailCode });
    },
    ['reauthentication.succeeded'],
  ],
  're-authentication by the code of another session': [
    async (s) => {
      const { email, client } = await s.member();
      const { challenge } = (await client.post('/auth/reauthenticate/email-code')).body;
      const { code: emailCode } = await s.mail(email, 'confirm-code');
      const other = s.browser();
      await other.signIn(email);
      return () => other.post('/auth/reauthenticate', { challenge, emailCode });
    },
    [fail('reauthentication.failed')],
  ],
  'a change of address': [
    async (s) => {
      const { client } = await s.member();
      const email = newAddress();
      return async () => {
        await client.post('/auth/email/change/request', { email });
        const { token } = await s.mail(email, 'change-email');
        await client.post('/auth/email/change', { token });
      };
    },
    ['email.change_requested', 'email.changed'],
  ],
  'an unknown link to change an address': [
    async (s) => () => s.browser().post('/auth/email/change', { token: UNKNOWN_TOKEN }),
    [fail('email.change_failed')],
  ],
  'a profile': [
    async (s) => {
      const { client } = await s.member();
      return () => client.call('PATCH', '/auth/me', { body: { displayName: 'Ada' } });
    },
    [],
  ],
  'a deletion': [
    async (s) => {
      const { client } = await s.member();
      return () => client.delete('/auth/me');
    },
    ['account.deleted'],
  ],
  'a mail that is refused': [
    async (s) => {
      await s.app.get(Accounts).create({ email: UNSENDABLE, emailVerified: true });
      return async () => {
        await s.browser().post('/auth/password/forgot', { email: UNSENDABLE });
        await s.app.get(Jobs).run('outbox');
      };
    },
    [fail('mail.failed'), 'password.reset_requested'],
  ],
};
