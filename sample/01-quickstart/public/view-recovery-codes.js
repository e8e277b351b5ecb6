import { busyWhile, find, make } from './dom.js';
import { attempt, go, notify } from './router.js';

let codes = [];

/** Recovery codes are shown once: the server keeps only what tells a right one. */
export function prepareRecoveryCodes() {
  find('#codes-copy').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () =>
      attempt(async () => {
        await navigator.clipboard.writeText(asText());
        notify('The codes are in the clipboard. Paste them where you keep passwords.');
      }),
    );
  });
  find('#codes-save').addEventListener('click', save);
  find('#codes-done').addEventListener('click', () => {
    go('account');
    notify('Your second factor is on, with codes for the day the app is gone.');
  });
}

export function tellRecoveryCodes(made) {
  codes = made;
  go('recovery-codes');
}

export function showRecoveryCodes() {
  if (codes.length === 0) return go('account');
  find('#recovery-codes').replaceChildren(...codes.map((code) => make('li', {}, make('code', {}, code))));
}

export function forgetRecoveryCodes() {
  codes = [];
  find('#recovery-codes').replaceChildren();
}

function save() {
  const url = URL.createObjectURL(new Blob([asText()], { type: 'text/plain' }));
  make('a', { href: url, download: `recovery-codes-${location.hostname}.txt` }).click();
  URL.revokeObjectURL(url);
}

function asText() {
  return `${codes.join('\n')}\n`;
}
