import type { AuthEventType } from '../../lib/index.js';
import { KnownDevices } from '../../lib/attempts/known-devices.js';
import { PasswordRecord } from '../../lib/sign-in/password-record.service.js';
import { Account } from '../../lib/users/account.entity.js';
import { PASSWORD } from '../support/app.js';
import { expectStatus } from './kit.js';
import { times, WRONG, type Occasion } from './trail.js';

export const SIGN_IN: readonly Occasion[] = [
  { what: 'a first sign-in', events: ['sign_in.succeeded'], run: (trail, person) => trail.signIn(person) },
  {
    what: 'a sign-in from another browser',
    events: ['sign_in.succeeded'],
    letters: ['new-device'],
    signedIn: true,
    run: (trail, person) => trail.signIn(person),
  },
  {
    what: 'a sign-in from a known browser, which gives up the session before',
    events: ['session.ended', 'sign_in.succeeded'],
    signedIn: true,
    run: (trail, person) => trail.signIn(person, person.browser),
  },
  { what: 'a first sign-in for tokens', events: ['sign_in.succeeded'], run: (trail, person) => trail.tokens(person) },
  { what: 'a wrong password', events: ['sign_in.failed'], run: (trail, person) => trail.fail(person) },
  {
    what: 'a wrong password for nobody',
    events: ['sign_in.failed'],
    run: (trail) => trail.fail({ email: `nobody-${trail.clock.now()}@example.com` }),
  },
  {
    what: 'five wrong passwords and three more',
    events: [...new Array<AuthEventType>(5).fill('sign_in.failed'), 'sign_in.locked'],
    letters: ['unlock'],
    run: async (trail, person) => {
      await trail.fail(person, 5);
      for (const password of [WRONG, PASSWORD, WRONG])
        expectStatus(await trail.app.client().signIn(person.email, password), 429);
    },
  },
  {
    what: 'the same for nobody',
    events: [...new Array<AuthEventType>(5).fill('sign_in.failed'), 'sign_in.locked'],
    letters: ['unlock'],
    run: async (trail) => {
      const nobody = { email: 'nobody-locked@example.com' };
      await trail.fail(nobody, 5);
      expectStatus(await trail.app.client().signIn(nobody.email, WRONG), 429);
    },
  },
  {
    what: 'the hundredth wrong password in a row, and the one after it',
    events: ['sign_in.failed', 'sign_in.failed', 'sign_in.stopped'],
    letters: ['unlock'],
    given: (trail, { id }) => trail.app.dataSource.getRepository(Account).update({ userId: id }, { failedInRow: 99 }),
    run: (trail, person) => trail.fail(person, 2),
  },
  {
    what: 'thirty wrong passwords that count the hundredth at once',
    events: [...new Array<AuthEventType>(30).fill('sign_in.failed'), 'sign_in.stopped'],
    letters: ['unlock'],
    given: (trail, { id }) => trail.app.dataSource.getRepository(Account).update({ userId: id }, { failedInRow: 80 }),
    run: (trail, { id, email }) =>
      times(30, async () =>
        trail.app.get(PasswordRecord).countFailure({
          userId: id,
          identifier: email,
          client: { address: '192.0.2.1', userAgent: 'test' },
          locale: 'en',
          devices: new KnownDevices([]),
          byBrowser: false,
          lockedForMs: 0,
          unverified: false,
        }),
      ),
  },
  {
    what: 'a veto',
    events: ['sign_in.refused'],
    run: async (trail, { email }) => {
      trail.hooks.veto = () => false;
      expectStatus(await trail.app.client().signIn(email), 403);
    },
  },
  {
    what: 'a password that changes while it is being looked at',
    events: ['sign_in.failed'],
    run: async (trail, { id, email }) => {
      trail.hooks.veto = async () => {
        await trail.app.dataSource.getRepository(Account).update({ userId: id }, { epoch: 17 });
      };
      expectStatus(await trail.app.client().signIn(email), 401);
    },
  },
  {
    what: 'the right password of an address that nobody has proven',
    events: ['sign_in.failed'],
    letters: ['unverified-sign-in'],
    given: (trail, { id }) =>
      trail.app.dataSource.query(`UPDATE users SET email_verified_at = NULL WHERE id = '${id}'`),
    run: async (trail, { email }) => expectStatus(await trail.app.client().signIn(email), 401),
  },
  {
    what: 'a wrong one',
    events: ['sign_in.failed'],
    given: (trail, { id }) =>
      trail.app.dataSource.query(`UPDATE users SET email_verified_at = NULL WHERE id = '${id}'`),
    run: (trail, person) => trail.fail(person),
  },
];
