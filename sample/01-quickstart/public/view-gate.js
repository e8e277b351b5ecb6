import { request } from './api.js';
import { arrive } from './arrival.js';
import { find } from './dom.js';
import { prepareForm } from './forms.js';
import { enter } from './session.js';
import { tellSent } from './view-sent.js';

/** The two forms in front of the gate: sign in and register. */
export function prepareGate() {
  const signInForm = find('#sign-in-form');
  const registerForm = find('#register-form');

  prepareForm(signInForm, async (data) => {
    const answer = await enter('/auth/login', {
      email: data.get('email'),
      password: data.get('password'),
      rememberMe: data.get('rememberMe') !== null,
    });
    signInForm.reset();
    arrive(answer);
  });

  prepareForm(registerForm, async (data) => {
    const email = data.get('email');
    await request('POST', '/auth/register', { email, password: data.get('password') });
    registerForm.reset();
    prefillAddress(email);
    tellSent({
      // The server says the same for a new and for a taken address, and so does the page.
      words: `We have written to ${email}. Open the link in that mail to confirm the address, then sign in.`,
      again: () => request('POST', '/auth/email/verify/request', { email }),
    });
  });
}

export function prefillAddress(email) {
  find('#sign-in-email').value = email;
}
