/** The page that mailed links open: it takes the token from the fragment, asks for what is needed, and posts it. */
const ACTIONS = {
  '/verify-email': { title: 'Confirm your address', path: '/auth/email/verify', done: 'The address is confirmed.' },
  '/reset-password': {
    title: 'Choose a new password',
    path: '/auth/password/reset',
    password: true,
    done: 'The new password is set. Every session has ended.',
  },
  '/change-email': { title: 'Use the new address', path: '/auth/email/change', done: 'The new address is in use.' },
  '/unlock': { title: 'Unlock the account', path: '/auth/unlock', done: 'The account is unlocked.' },
  '/magic-link': { title: 'Sign in', path: '/auth/magic-link', done: 'You are signed in.' },
};

const find = (id) => document.getElementById(id);
const action = ACTIONS[location.pathname];
const fields = new URLSearchParams(location.hash.slice(1));
const token = fields.get('token') ?? '';
// In no bookmark, no screenshot, and no list of visited pages.
history.replaceState(null, '', location.pathname);

async function post(path, body) {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', ...(await csrfHeader()) };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = response.status === 204 ? {} : await response.json();
  if (response.ok) return answer;
  const details = Array.isArray(answer.details) ? answer.details.map(({ message }) => message) : [];
  throw new Error([answer.message, ...details].join(' '));
}

/** Whoever is signed in here opens links too. */
async function csrfHeader() {
  const { csrfToken } = await (await fetch('/auth/session')).json();
  return csrfToken ? { 'X-CSRF-Token': csrfToken } : {};
}

async function say(work) {
  try {
    find('answer').textContent = await work();
  } catch (error) {
    find('answer').textContent = error.message;
  }
}

async function ask() {
  // Anybody may have sent this link: people shall see whose account it opens.
  if (location.pathname === '/magic-link') {
    const { email } = await post('/auth/magic-link/preview', { token });
    find('words').textContent = `This link signs in ${email}. Is that you?`;
  }
  const needsPassword = action.password === true || fields.has('contested');
  find('new-password').hidden = !needsPassword;
  find('password').disabled = !needsPassword;
  find('form').hidden = false;
  return '';
}

find('title').textContent = action.title;
find('press').textContent = action.title;
find('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void say(async () => {
    await post(action.path, { token, ...Object.fromEntries(new FormData(find('form'))) });
    find('form').hidden = true;
    return action.done;
  });
});

if (token === '') find('answer').textContent = 'This page needs the link from the mail: open it there once more.';
else void say(ask);
