import { ApiError, request } from './api.js';
import { find, make, say } from './dom.js';
import { session } from './session.js';

const LABELS = {
  refuse: 'stops production',
  warn: 'warning',
  note: 'note',
  unchecked: 'could not be checked',
  accepted: 'accepted',
  passed: 'passed',
};
const ORDER = Object.keys(LABELS);

/** Outside production the sample shows the checklist to anybody; in production Gatehouse shows it to administrators. */
export async function showChecklist() {
  const { environment, entries } = await readReport();
  say(
    find('#checklist-words'),
    environment === 'production'
      ? 'What Gatehouse found in this deployment, with the line to change.'
      : 'What would stand in the way if this very configuration went to production, with the line to change.',
  );
  const sorted = [...entries].sort(byWeight);
  const passed = sorted.filter((entry) => kind(entry) === 'passed');
  const raised = sorted.filter((entry) => kind(entry) !== 'passed');
  find('#checklist-counts').replaceChildren(...counts(sorted));
  find('#findings').replaceChildren(...raised.map(card));
  showPassed(passed);
}

async function readReport() {
  try {
    return await request('GET', '/dev/checklist');
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  if (!session.user?.roles.includes('admin')) {
    throw new ApiError(403, { message: 'In production only administrators see the checklist.' }, 0);
  }
  return request('GET', '/auth/admin/checklist');
}

function kind({ outcome, severity }) {
  return outcome === 'finding' ? severity : outcome;
}

function byWeight(one, other) {
  return ORDER.indexOf(kind(one)) - ORDER.indexOf(kind(other)) || one.id.localeCompare(other.id);
}

function counts(entries) {
  return ORDER.map((name) => [name, entries.filter((entry) => kind(entry) === name).length])
    .filter(([, count]) => count > 0)
    .map(([name, count]) =>
      make('li', { class: `count ${name}` }, make('strong', {}, String(count)), ` ${LABELS[name]}`),
    );
}

function card(entry) {
  const name = kind(entry);
  const head = make(
    'div',
    { class: 'finding-head' },
    make('h2', {}, entry.title),
    make('span', { class: `badge ${name}` }, LABELS[name]),
  );
  const item = make('li', { class: 'card finding' }, head);
  if (entry.change) item.append(make('p', { class: 'change' }, ...withCode(entry.change)));
  if (entry.reason) item.append(make('p', {}, `${name === 'accepted' ? 'Accepted' : 'Why not'}: ${entry.reason}`));
  if (entry.evidence) item.append(make('p', { class: 'meta' }, `Found: ${evidence(entry.evidence)}`));
  item.append(make('p', { class: 'meta' }, make('code', {}, entry.id), ` · ${entry.source}`));
  return item;
}

/** Sets what stands between backticks as code. */
function withCode(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part));
}

function evidence(fields) {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : value}`)
    .join('; ');
}

function showPassed(passed) {
  const details = find('#checklist-passed');
  details.hidden = passed.length === 0;
  find('summary', details).textContent = `${passed.length} passed`;
  find('ul', details).replaceChildren(
    ...passed.map((entry) => make('li', {}, entry.title, ' ', make('code', { class: 'meta' }, entry.id))),
  );
}
