import { busyWhile, find, say } from './dom.js';
import { attempt, go, notify } from './router.js';
import { session } from './session.js';

const WORDS = 'If the address can get it, a mail is on its way.';

let sent = { words: WORDS };

export function prepareSent() {
  find('#sent-again').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () =>
      attempt(async () => {
        await sent.again();
        notify('It is on its way again. Of several links the newest works.');
      }),
    );
  });
}

/** Goes to the view that says what is in the mailbox now. `again` asks for the same mail once more. */
export function tellSent(what) {
  sent = what;
  go('sent');
}

export function showSent() {
  say(find('#sent-words'), sent.words);
  find('#sent-again').hidden = !sent.again;
  for (const link of document.querySelectorAll('#view-sent [data-for]')) {
    link.hidden = link.dataset.for !== (session.user ? 'member' : 'guest');
  }
}
