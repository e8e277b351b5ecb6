const find = (selector) => document.querySelector(selector);

/** What `?error=` can say when the browser comes back from the provider. */
const PROBLEMS = {
  OAUTH_CANCELLED: 'Nobody signed in at the provider.',
  OAUTH_FAILED: 'The sign-in with the provider did not work. Try again.',
  OAUTH_LINK_REQUIRED:
    'There is an account with this address, or the provider has not verified it. Sign in with your password first, then link the account of the provider.',
  ALREADY_LINKED: 'This account of the provider belongs to somebody else here.',
};

let csrfToken;

/** The body of the answer; throws what the server says of a refusal. */
async function call(method, path, body) {
  const headers = {
    ...(csrfToken && { 'X-CSRF-Token': csrfToken }),
    ...(body && { 'Content-Type': 'application/json' }),
  };
  const response = await fetch(`/auth${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  const answer = text === '' ? {} : JSON.parse(text);
  if (!response.ok) {
    throw new Error([answer.message, ...(answer.details ?? []).map(({ message }) => message ?? '')].join(' ').trim());
  }
  // A renewed session comes with a new token.
  csrfToken = answer.csrfToken ?? csrfToken;
  return answer;
}

function say(text) {
  find('#problem').textContent = text;
  find('#problem').hidden = text === '';
}

async function attempt(work) {
  say('');
  try {
    await work();
    await show();
  } catch (error) {
    say(error.message);
  }
}

async function show() {
  const session = await call('GET', '/session');
  csrfToken = session.csrfToken;
  find('#gate').hidden = session.user !== null;
  find('#desk').hidden = session.user === null;
  // Nothing of one user stays in the page for the next.
  find('#who').textContent = session.user?.email ?? '';
  const { items } = session.user === null ? { items: [] } : await call('GET', '/identities');
  find('#identities').replaceChildren(...items.map(identityRow));
  find('#none').hidden = items.length > 0;
}

function identityRow({ id, provider, email }) {
  const row = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Unlink';
  button.addEventListener('click', () => void attempt(() => call('DELETE', `/identities/${id}`)));
  row.append(`${provider}: ${email ?? 'without an address'} `, button);
  return row;
}

find('#password').addEventListener('submit', (event) => {
  event.preventDefault();
  const { email, password } = Object.fromEntries(new FormData(event.target));
  const register = event.submitter?.value === 'register';
  void attempt(async () => {
    if (register) await call('POST', '/register', { email, password });
    await call('POST', '/login', { email, password });
    event.target.reset();
  });
});

find('#set-password').addEventListener('submit', (event) => {
  event.preventDefault();
  const { password } = Object.fromEntries(new FormData(event.target));
  void attempt(async () => {
    await call('POST', '/password/set', { password });
    event.target.reset();
  });
});

// The server answers where to go: a request that only a script of this page can send, unlike a link.
find('#link').addEventListener('click', () => {
  say('');
  call('POST', '/oauth/demo/link', { returnTo: '/' }).then(
    ({ url }) => location.assign(url),
    (error) => say(error.message),
  );
});

find('#sign-out').addEventListener('click', () => void attempt(() => call('POST', '/logout')));

const code = new URLSearchParams(location.search).get('error');
// Not again after a reload, nor in the history.
history.replaceState(null, '', location.pathname);
await attempt(async () => undefined);
if (code !== null) say(PROBLEMS[code] ?? 'The sign-in with the provider did not work.');
