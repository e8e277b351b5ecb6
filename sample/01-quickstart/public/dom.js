/** Finds an element of the page that is always there. */
export function find(selector, root = document) {
  return root.querySelector(selector);
}

/** Makes an element. Children are elements or text; text never becomes markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Text into an element that is hidden while there is none. */
export function say(element, text) {
  element.textContent = text;
  element.hidden = text === '';
}

/** Runs one piece of work for a button or form; a second press meanwhile does nothing. */
export async function busyWhile(button, work) {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  try {
    await work();
  } finally {
    button.removeAttribute('aria-busy');
  }
}

/** Puts the toggle beside a password field. */
export function prepareReveal(input) {
  const button = make('button', { type: 'button', class: 'quiet', 'aria-controls': input.id });
  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shown));
    button.replaceChildren(shown ? 'Hide' : 'Show', make('span', { class: 'unseen' }, ' password'));
  };
  show(false);
  const frame = make('div', { class: 'reveal' });
  input.replaceWith(frame);
  frame.append(input, button);
  button.addEventListener('click', () => show(input.type === 'password'));
  // A password shown at the moment of sending would be offered back as ordinary text by some browsers.
  input.form.addEventListener('submit', () => show(false), { capture: true });
}
