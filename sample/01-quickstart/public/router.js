import { find, say } from './dom.js';
import { clearProblems } from './forms.js';
import { placeMailbox } from './mailbox.js';
import { forgetSession, session } from './session.js';
import { inWords } from './words.js';

let views = {};
let shown = '';

/**
 * Every view by its name: `for` says who sees it (`guest`, `member`, `anybody`), `show` fills it, `leave` empties it, `mail`
 * shows the development mailbox under it, open (`'open'`) or folded (`'folded'`).
 */
export function defineViews(defined) {
  views = defined;
}

export function audienceOf(name) {
  return views[name].for;
}

export function notify(text) {
  say(find('#notice'), text);
}

/** Goes to a view at once, so that a notice given right after it stays. */
export function go(name) {
  history.pushState(null, '', `#/${name}`);
  route();
}

export function route({ first = false } = {}) {
  const asked = location.hash.slice(2);
  const name = allowed(asked);
  notify(asked !== name && views[asked]?.for === 'member' ? 'Sign in to continue.' : '');
  if (asked !== name) history.replaceState(null, '', `#/${name}`);
  if (shown !== name) views[shown]?.leave?.();
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
  placeMailbox(find('#main'), views[name].mail);
  if (!first) heading.focus();
  if (views[name].show) void attempt(views[name].show);
}

function allowed(name) {
  const home = session.user ? 'notes' : 'sign-in';
  const wanted = views[name];
  if (!wanted || (wanted.for === 'member' && !session.user)) return home;
  return wanted.for === 'guest' && session.user ? home : name;
}

/** Runs work of the view on show; what fails is said in that view. */
export async function attempt(work) {
  const name = shown;
  const alert = find(`#view-${name} > [role=alert]`);
  if (alert) say(alert, '');
  try {
    await work();
  } catch (error) {
    if (shown !== name || failed(error)) return;
    if (alert) say(alert, inWords(error));
    else notify(inWords(error));
  }
}

/** Failures that lead somewhere else. Answers whether it was one of them. */
export function failed(error) {
  if (error.code === 'ENROLMENT_REQUIRED') {
    go('enrol');
    notify(inWords(error));
    return true;
  }
  if (error.code !== 'NOT_AUTHENTICATED' || !session.user) return false;
  forgetSession();
  go('sign-in');
  notify(inWords(error));
  return true;
}

/** This browser is signed out now. */
export function ended(text = 'You are signed out.') {
  forgetSession();
  go('sign-in');
  notify(text);
}
