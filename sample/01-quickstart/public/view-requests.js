import { request } from './api.js';
import { find } from './dom.js';
import { prepareForm } from './forms.js';
import { tellSent } from './view-sent.js';

/** Forms that ask for a mail. The answer is the same for every address, and so are the words. */
const REQUESTS = {
  confirm: {
    path: '/auth/email/verify/request',
    words: (email) => `If ${email} waits to be confirmed, the link is on its way. It works for 24 hours.`,
  },
  forgot: {
    path: '/auth/password/forgot',
    words: (email) =>
      `If there is an account for ${email}, a link to choose a new password is on its way. It works for one hour.`,
  },
  link: {
    path: '/auth/magic-link/request',
    words: (email) =>
      `If there is an account for ${email}, a link that signs you in is on its way. Open it in this browser.`,
  },
};

export function prepareRequests() {
  for (const [name, { path, words }] of Object.entries(REQUESTS)) {
    const form = find(`#${name}-form`);
    prepareForm(form, async (data) => {
      const email = data.get('email');
      const ask = () => request('POST', path, { email });
      await ask();
      form.reset();
      tellSent({ words: words(email), again: ask });
    });
  }
}
