import { ApiError, request } from './api.js';
import { find, make, say } from './dom.js';
import { session } from './session.js';

const RESULTS = {
  refuse: 'must be changed',
  warn: 'warning',
  note: 'note',
  unchecked: 'could not be checked',
  accepted: 'accepted',
  passed: 'passed',
};
const ORDER = Object.keys(RESULTS);

/** What a finding of each severity does in production. */
const SEVERITIES = {
  refuse: 'A finding stops the start',
  warn: 'A finding is a warning',
  note: 'A finding is for you to know',
};

const AREAS = {
  keys: 'Keys and secrets',
  network: 'Network',
  access: 'Access',
  accounts: 'Accounts',
  passwords: 'Passwords',
  attempts: 'Attempts and limits',
  sessions: 'Sessions',
  cookies: 'Cookies',
  tokens: 'Tokens',
  oauth: 'Other providers',
  mail: 'Mail',
  store: 'State store',
  database: 'Database',
  audit: 'Audit trail',
  testing: 'Testing',
};

const WORDS = {
  production: 'What Gatehouse found in this deployment, with the line to change.',
  other: 'What would stand in the way if this very configuration went to production, with the line to change.',
};

let entries = [];

export function prepareChecklist() {
  find('#checklist-only').addEventListener('change', showEntries);
}

/** Outside production the sample shows the checklist to anybody; in production Gatehouse shows it to administrators. */
export async function showChecklist() {
  forgetChecklist();
  const report = await readReport();
  entries = [...report.entries].sort(byWeight);
  say(find('#checklist-words'), WORDS[report.environment] ?? WORDS.other);
  const when = new Date(report.checkedAt);
  const time = make('time', { datetime: when.toISOString() }, when.toLocaleString());
  find('#checklist-when').replaceChildren('Run at ', time, `, for the environment ${report.environment}.`);
  find('#checklist-counts').replaceChildren(...counts());
  find('#checklist-report').hidden = false;
  showEntries();
}

/** Nothing of one reader stays in the page for the next. */
export function forgetChecklist() {
  entries = [];
  say(find('#checklist-words'), '');
  find('#checklist-report').hidden = true;
  find('#findings').replaceChildren();
}

async function readReport() {
  try {
    return await request('GET', '/dev/checklist');
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  if (!session.user?.roles.includes('admin')) {
    const how = session.user ? 'Your account is not one.' : 'Sign in as one.';
    throw new ApiError(403, { message: `In production only administrators see the checklist. ${how}` }, 0);
  }
  return request('GET', '/auth/admin/checklist');
}

function showEntries() {
  const only = find('#checklist-only').checked;
  const shown = only ? entries.filter((entry) => entry.outcome !== 'passed') : entries;
  const areas = Object.keys(AREAS).filter((area) => shown.some((entry) => entry.area === area));
  const others = [...new Set(shown.map(({ area }) => area))].filter((area) => !(area in AREAS));
  find('#findings').replaceChildren(...[...areas, ...others].map((area) => group(area, shown)));
  find('#checklist-shown').textContent = shown.length
    ? `${shown.length} of ${entries.length} checks shown.`
    : `All ${entries.length} checks passed.`;
}

function kind({ outcome, severity }) {
  return outcome === 'finding' ? severity : outcome;
}

function byWeight(one, other) {
  return ORDER.indexOf(kind(one)) - ORDER.indexOf(kind(other)) || one.id.localeCompare(other.id);
}

function counts() {
  return ORDER.map((name) => [name, entries.filter((entry) => kind(entry) === name).length])
    .filter(([, count]) => count > 0)
    .map(([name, count]) =>
      make('li', { class: `count ${name}` }, make('strong', {}, String(count)), ` ${RESULTS[name]}`),
    );
}

function group(area, shown) {
  const id = `checklist-${area}`;
  const own = shown.filter((entry) => entry.area === area);
  return make(
    'section',
    { class: 'area stack', 'aria-labelledby': id },
    make('h2', { id }, AREAS[area] ?? area),
    make('ul', { class: 'plain stack' }, ...own.map(card)),
  );
}

function card(entry) {
  const name = kind(entry);
  const badge = make('span', { class: `badge ${name}` }, RESULTS[name]);
  const item = make('li', { class: 'card finding' });
  item.append(make('div', { class: 'finding-head' }, make('h3', {}, entry.title), badge));
  if (entry.change && name !== 'accepted') item.append(make('p', { class: 'change' }, ...withCode(entry.change)));
  item.append(facts(entry));
  return item;
}

function facts(entry) {
  const { evidence = {}, outcome, reason, severity, source, id } = entry;
  const found = Object.entries(evidence).map(([name, value]) => `${name}: ${[value].flat().join(', ')}`);
  const rows = [
    [outcome === 'accepted' ? 'Accepted because' : 'Why not', reason],
    ['Found', found.join('; ')],
    ['Severity', SEVERITIES[severity]],
    ['Source', source],
    ['Check', make('code', {}, id)],
  ];
  const list = make('dl', { class: 'meta finding-facts' });
  for (const [name, value] of rows) {
    if (value) list.append(make('div', {}, make('dt', {}, name), make('dd', {}, value)));
  }
  return list;
}

/** Sets what stands between backticks as code. */
function withCode(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part));
}
