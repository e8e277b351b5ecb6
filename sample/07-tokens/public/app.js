import { onOtherTab, oneTabAtATime, tabStore } from './tab-store.js';
import { SignedOut, TokenClient } from './token-client.js';

const find = (selector) => document.querySelector(selector);

const client = new TokenClient({ url: location.origin, store: tabStore, exclusively: oneTabAtATime, tell });

function tell(text) {
  const item = document.createElement('li');
  item.textContent = `${new Date().toLocaleTimeString()} ${text}`;
  find('#told').prepend(item);
}

function say(text) {
  find('#problem').textContent = text;
  find('#problem').hidden = text === '';
}

/** Nothing of one user stays in the page for the next. */
async function show() {
  const signedIn = await client.isSignedIn();
  find('#gate').hidden = signedIn;
  find('#desk').hidden = !signedIn;
  if (!signedIn) find('#notes').replaceChildren();
  return signedIn;
}

async function loadNotes() {
  const { items } = await client.request('/notes');
  const rows = items.map(({ text }) => {
    const row = document.createElement('li');
    row.textContent = text;
    return row;
  });
  find('#notes').replaceChildren(...rows);
  tell(`Notes loaded: ${items.length}.`);
}

/** Answers whether the work was done. */
async function attempt(work) {
  say('');
  try {
    await work();
    return true;
  } catch (error) {
    const later = error.retryAfter > 0 ? ` Try again in ${error.retryAfter} s.` : '';
    say(error.message + later);
    if (error instanceof SignedOut) tell(`Signed out. ${error.code}`);
    return false;
  } finally {
    await show();
  }
}

function onSubmit(form, work) {
  find(form).addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = new FormData(event.target);
    void attempt(() => work(fields, event)).then((done) => done && event.target.reset());
  });
}

onSubmit('#gate', async (fields, { submitter }) => {
  const [email, password] = [fields.get('email'), fields.get('password')];
  if (submitter?.value === 'register') await register(email, password);
  await client.signIn(email, password, fields.has('readOnly') ? 'notes:read' : 'notes:read notes:write');
  await show();
  await loadNotes();
});

async function register(email, password) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch('/auth/register', {
    method: 'POST',
    headers,
    body: JSON.stringify({ email, password }),
  });
  if (response.ok) return;
  const { message, details = [] } = await response.json();
  throw new Error([message, ...details.map((detail) => detail.message)].join(' '));
}

onSubmit('#note', async (fields) => {
  await client.request('/notes', { method: 'POST', body: { text: fields.get('text') } });
  await loadNotes();
});

find('#load').addEventListener('click', () => void attempt(loadNotes));
find('#sign-out').addEventListener('click', () => void attempt(() => client.signOut()));
onOtherTab(show);

if (await show()) void attempt(loadNotes);
