import { request } from './api.js';
import { find, make } from './dom.js';
import { prepareForm } from './forms.js';
import { failed, notify } from './router.js';
import { moment } from './words.js';

export function prepareNotes() {
  const form = find('#note-form');
  prepareForm(
    form,
    async (data) => {
      await request('POST', '/notes', { text: data.get('text') });
      form.reset();
      await showNotes();
      notify('The note is kept.');
      form.elements.text.focus();
    },
    failed,
  );
}

export async function showNotes() {
  const { items } = await request('GET', '/notes');
  find('#notes').replaceChildren(...items.map(noteCard));
  find('#notes-empty').hidden = items.length > 0;
}

function noteCard(note) {
  return make(
    'li',
    { class: 'card note' },
    make('p', { class: 'note-text' }, note.text),
    make('time', { datetime: note.createdAt, class: 'meta' }, moment(note.createdAt)),
  );
}
