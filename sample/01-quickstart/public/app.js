import { busyWhile, find, prepareReveal, say } from './dom.js';
import { clearProblems } from './forms.js';
import { forgetSession, loadSession, onSessionChange, session, signOut } from './session.js';
import { showAccount } from './view-account.js';
import { showChecklist } from './view-checklist.js';
import { prefillAddress, prepareGate } from './view-gate.js';
import { prepareNotes, showNotes } from './view-notes.js';
import { prepareSessions, showSessions } from './view-sessions.js';
import { inWords } from './words.js';

const VIEWS = {
  'sign-in': { for: 'guest' },
  register: { for: 'guest' },
  notes: { for: 'member', show: showNotes },
  account: { for: 'member', show: showAccount },
  sessions: { for: 'member', show: showSessions },
  checklist: { for: 'anybody', show: showChecklist },
};

let shown = '';

function notify(text) {
  say(find('#notice'), text);
}

/** Goes to a view at once, so that a notice given right after it stays. */
function go(path) {
  history.pushState(null, '', `#/${path}`);
  route();
}

function route({ first = false } = {}) {
  const [asked = '', mode = ''] = location.hash.slice(2).split('/');
  const name = allowed(asked, mode);
  notify(asked !== name && VIEWS[asked]?.for === 'member' ? 'Sign in to continue.' : '');
  if (asked !== name) history.replaceState(null, '', `#/${name}`);
  shown = name;
  for (const view of document.querySelectorAll('.view')) view.hidden = view.id !== `view-${name}`;
  for (const tab of document.querySelectorAll('#tabs a')) {
    if (tab.hash === `#/${name}`) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
  }
  const view = find(`#view-${name}`);
  const heading = find('h1', view);
  document.title = `${heading.textContent} · Gatehouse quickstart`;
  for (const form of view.querySelectorAll('form')) clearProblems(form);
  if (!first) heading.focus();
  if (VIEWS[name].show) void attempt(VIEWS[name].show);
}

/** `#/sign-in/again` is for somebody who is signed in and has to prove it once more. */
function allowed(name, mode) {
  const home = session.user ? 'notes' : 'sign-in';
  const wanted = VIEWS[name];
  if (!wanted || (wanted.for === 'member' && !session.user)) return home;
  return wanted.for === 'guest' && session.user && mode !== 'again' ? home : name;
}

/** Runs work of the view on show; what fails is said in that view. */
async function attempt(work) {
  const name = shown;
  const alert = find(`#view-${name} > [role=alert]`);
  say(alert, '');
  try {
    await work();
  } catch (error) {
    if (shown === name && !failed(error)) say(alert, inWords(error));
  }
}

/** Failures that lead somewhere else. Answers whether it was one of them. */
function failed(error) {
  if (error.code === 'REAUTHENTICATION_REQUIRED' && session.user) {
    prefillAddress(session.user.email);
    go('sign-in/again');
    notify(inWords(error));
    return true;
  }
  if (error.status === 401 && session.user) {
    forgetSession();
    go('sign-in');
    notify(inWords(error));
    return true;
  }
  return false;
}

function ended() {
  forgetSession();
  go('sign-in');
  notify('You are signed out.');
}

function showWho() {
  const { user } = session;
  find('#who').hidden = !user;
  find('#who-email').textContent = user?.email ?? '';
  for (const tab of document.querySelectorAll('#tabs a')) {
    const audience = VIEWS[tab.hash.slice(2)].for;
    tab.hidden = audience === (user ? 'guest' : 'member');
  }
  // Nothing of one user stays in the page for the next.
  if (!user) for (const list of ['#notes', '#account', '#sessions']) find(list).replaceChildren();
}

async function start() {
  onSessionChange(showWho);
  document.querySelectorAll('[data-reveal]').forEach(prepareReveal);
  prepareGate({ go, notify });
  prepareNotes({ failed, notify });
  prepareSessions({ attempt, notify, ended });
  find('#sign-out').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () =>
      signOut().then(ended, (error) => failed(error) || notify(inWords(error))),
    );
  });
  // A notice is about what came before the next step.
  document.addEventListener('submit', () => notify(''), { capture: true });
  window.addEventListener('hashchange', () => route());
  try {
    await loadSession();
  } catch (error) {
    forgetSession();
    route({ first: true });
    notify(inWords(error));
    return;
  } finally {
    find('#tabs').hidden = false;
  }
  route({ first: true });
}

void start();
