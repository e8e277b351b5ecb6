import { request } from './api.js';
import { find } from './dom.js';
import { prepareForm } from './forms.js';
import { signIn } from './session.js';

/** The two forms in front of the gate: sign in and register. */
export function prepareGate({ go, notify }) {
  const signInForm = find('#sign-in-form');
  const registerForm = find('#register-form');

  prepareForm(signInForm, async (data) => {
    await signIn({
      email: data.get('email'),
      password: data.get('password'),
      rememberMe: data.get('rememberMe') !== null,
    });
    signInForm.reset();
    go('notes');
  });

  prepareForm(registerForm, async (data) => {
    const email = data.get('email');
    await request('POST', '/auth/register', { email, password: data.get('password') });
    registerForm.reset();
    signInForm.elements.email.value = email;
    go('sign-in');
    // The server says the same for a new and for a taken address, and so does the page.
    notify('If the address was new, the account is ready. Sign in with it now.');
    signInForm.elements.password.focus();
  });
}

export function prefillAddress(email) {
  find('#sign-in-email').value = email;
}
