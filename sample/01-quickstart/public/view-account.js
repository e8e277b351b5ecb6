import { find, make } from './dom.js';
import { loadSession, session } from './session.js';
import { methods, moment } from './words.js';

export async function showAccount() {
  await loadSession();
  const { user, expiresAt, freshUntil, methods: proved } = session;
  if (!user) return;
  const facts = [
    ['E-mail address', user.email],
    ['Address confirmed', user.emailVerified ? 'yes' : 'not asked for in this sample'],
    ['Roles', user.roles.length > 0 ? user.roles.join(', ') : 'none'],
    ['Account made', moment(user.createdAt)],
    ['Signed in by', methods(proved)],
    ['Session ends', `${moment(expiresAt)}, or sooner when it is not used`],
    ['Counts as fresh until', moment(freshUntil)],
    ['User id', user.id],
  ];
  find('#account').replaceChildren(
    ...facts.map(([term, fact]) => make('div', {}, make('dt', {}, term), make('dd', {}, fact))),
  );
}
