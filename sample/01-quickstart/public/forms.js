import { busyWhile, find, make, prepareReveal, say } from './dom.js';
import { inWords } from './words.js';

/** Sends a form by script; shows what the server refuses, beside the field it is about where it names one. */
export function prepareForm(form, onSubmit, onFailure) {
  furnish(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void busyWhile(find('button[type=submit]', form), async () => {
      clearProblems(form);
      try {
        await onSubmit(new FormData(form));
      } catch (error) {
        if (!onFailure?.(error)) showProblems(form, error);
      }
    });
  });
}

/** Places for what is refused, and the toggles of passwords. */
function furnish(form) {
  form.prepend(make('p', { class: 'alert', role: 'alert', hidden: '' }));
  for (const input of form.querySelectorAll('.field > :is(input, textarea)')) {
    input.closest('.field').append(make('p', { class: 'field-problem', id: `${input.id}-problem`, hidden: '' }));
    if (input.dataset.reveal !== undefined) prepareReveal(input);
  }
}

export function clearProblems(form) {
  say(find('[role=alert]', form), '');
  for (const field of fields(form)) {
    field.input.removeAttribute('aria-invalid');
    describe(field, false);
    say(field.problem, '');
  }
}

function showProblems(form, error) {
  const elsewhere = [];
  let first;
  for (const detail of error.details ?? []) {
    const field = fields(form).find(({ input }) => input.name === detail.field);
    if (!field) {
      elsewhere.push(detail.message);
      continue;
    }
    field.input.setAttribute('aria-invalid', 'true');
    describe(field, true);
    say(field.problem, [field.problem.textContent, detail.message].filter(Boolean).join('\n'));
    first ??= field.input;
  }
  say(find('[role=alert]', form), [inWords(error), ...elsewhere].join(' '));
  first?.focus();
}

function fields(form) {
  return [...form.elements]
    .map((input) => ({ input, problem: input.id ? document.getElementById(`${input.id}-problem`) : null }))
    .filter(({ problem }) => problem !== null);
}

function describe({ input, problem }, described) {
  const ids = new Set((input.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean));
  if (described) ids.add(problem.id);
  else ids.delete(problem.id);
  if (ids.size > 0) input.setAttribute('aria-describedby', [...ids].join(' '));
  else input.removeAttribute('aria-describedby');
}
