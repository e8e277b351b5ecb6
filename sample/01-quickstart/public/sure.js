import { find } from './dom.js';

let answer = () => undefined;

/** The dialog in front of what cannot be taken back. */
export function prepareSure() {
  const dialog = find('#sure');
  find('#sure-yes').addEventListener('click', () => dialog.close('yes'));
  find('#sure-no').addEventListener('click', () => dialog.close('no'));
  // The key Escape ends it too, without a word.
  dialog.addEventListener('close', () => answer(dialog.returnValue === 'yes'));
}

/** Resolves with whether the answer is yes. `yes` names what is done then. */
export function sure(question, yes) {
  const dialog = find('#sure');
  find('#sure-title').textContent = question;
  find('#sure-yes').textContent = yes;
  dialog.returnValue = '';
  dialog.showModal();
  find('#sure-no').focus();
  return new Promise((resolve) => (answer = resolve));
}
