import { request } from './api.js';
import { busyWhile, find, make } from './dom.js';
import { attempt, ended, notify } from './router.js';
import { methods, moment } from './words.js';

export function prepareSessions() {
  find('#sign-out-others').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () =>
      attempt(async () => {
        const { revoked } = await request('DELETE', '/auth/sessions?keepCurrent=true');
        await showSessions();
        notify(revoked === 1 ? 'One other session was signed out.' : `${revoked} other sessions were signed out.`);
      }),
    );
  });

  find('#sessions').addEventListener('click', (event) => {
    const button = event.target.closest('button[data-session]');
    if (!button) return;
    void busyWhile(button, () =>
      attempt(async () => {
        await request('DELETE', `/auth/sessions/${encodeURIComponent(button.dataset.session)}`);
        if (button.dataset.current === 'true') return ended();
        await showSessions();
        notify('The session was signed out.');
        find('#view-sessions h1').focus();
      }),
    );
  });
}

export async function showSessions() {
  const { items } = await request('GET', '/auth/sessions');
  find('#sessions').replaceChildren(...items.map(sessionCard));
  find('#sign-out-others').hidden = items.every((item) => item.current);
}

function sessionCard(item) {
  const name = item.device || item.userAgent || 'Unknown device';
  const title = make('h2', {}, name);
  if (item.current) title.append(' ', make('span', { class: 'badge good' }, 'this browser'));
  const button = make(
    'button',
    { type: 'button', 'data-session': item.id, 'data-current': String(item.current) },
    'Sign out',
    make('span', { class: 'unseen' }, ` ${name}`),
  );
  return make(
    'li',
    { class: 'card session' },
    make(
      'div',
      {},
      title,
      make(
        'p',
        { class: 'meta' },
        `Signed in ${moment(item.createdAt)} by ${methods(item.methods)}, from ${item.ip ?? 'an unknown address'}`,
      ),
      make('p', { class: 'meta' }, `Last seen ${moment(item.lastSeenAt)}, ends ${moment(item.expiresAt)}`),
    ),
    button,
  );
}
