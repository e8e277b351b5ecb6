import { request } from './api.js';
import { find, make } from './dom.js';
import { moment } from './words.js';

const LOOK_EVERY_MS = 1_500;
const MOST_SHOWN = 10;

// Only a server in development has one; the first answer tells.
let exists = true;
let placing = 0;
let newest = '';

/** Shows the development mailbox at the end of an element: `'open'`, `'folded'`, or not at all. */
export function placeMailbox(element, how) {
  const panel = find('#mailbox');
  if (panel.parentElement !== element) element.append(panel);
  panel.open = how === 'open';
  panel.hidden = true;
  placing += 1;
  if (how) void keepLooking(panel, placing);
}

async function keepLooking(panel, mine) {
  while (exists && mine === placing) {
    try {
      const mails = await request('GET', '/dev/mailbox');
      if (mine !== placing) return;
      show(mails);
      panel.hidden = false;
    } catch (error) {
      exists = error.status !== 404;
    }
    await (panel.open ? new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS)) : unfolded(panel));
  }
}

/** Nobody looks into a folded mailbox. */
function unfolded(panel) {
  return new Promise((resolve) => panel.addEventListener('toggle', resolve, { once: true }));
}

/** Only what has changed: a reader who is in the list with the keyboard stays there. */
function show(mails) {
  const state = `${mails.length} ${mails[0]?.sentAt}`;
  if (state === newest) return;
  newest = state;
  find('#mailbox-count').textContent = mails.length === 1 ? '1 mail' : `${mails.length} mails`;
  find('#mails').replaceChildren(...mails.slice(0, MOST_SHOWN).map(mailCard));
}

function mailCard({ to, subject, text, links, code, sentAt }) {
  const card = make(
    'li',
    { class: 'card mail stack' },
    make('h3', {}, subject),
    make('p', { class: 'meta' }, `To ${to}, ${moment(sentAt)}`),
  );
  for (const link of links) {
    // The server names itself by BASE_URL; the page may have been opened under another name of the same machine.
    const { pathname, hash } = new URL(link);
    card.append(make('a', { href: pathname + hash, class: 'button' }, 'Open the link'));
  }
  if (code) card.append(make('p', {}, 'The code: ', make('code', { class: 'mail-code' }, code)));
  card.append(make('details', {}, make('summary', {}, 'Read it'), make('pre', {}, text)));
  return card;
}
