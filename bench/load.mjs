// Sends requests for as long, or as often, as it is told.
import { Agent, request } from 'node:http';
import autocannon from 'autocannon';
import { percentile } from './lib/statistics.mjs';

/** As many requests as the server answers, all alike. `rate` bounds them by the second. */
async function run({ url, path = '/hello', headers, connections = 32, seconds, amount, rate }) {
  const result = await autocannon({
    url: url + path,
    headers,
    connections,
    timeout: 60,
    ...(rate === undefined ? {} : { overallRate: rate }),
    ...(amount === undefined ? { duration: seconds } : { amount }),
  });
  const { statusCodeStats, latency, errors, start, finish } = result;
  const statuses = Object.fromEntries(Object.entries(statusCodeStats).map(([status, { count }]) => [status, count]));
  const answered = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const perSecond = answered / ((new Date(finish) - new Date(start)) / 1_000);
  return { statuses, answered, errors, perSecond, p50: latency.p50, p99: latency.p99 };
}

/** Different requests in turn, so many at a time: `requests` again and again until `amount` were sent. */
async function inTurn({ url, requests, headers = {}, connections = 1, amount = requests.length }) {
  const { send, close } = client(url, headers, connections);
  const begun = performance.now();
  const answers = [];
  let next = 0;
  const worker = async () => {
    while (next < amount) answers.push(await send(requests[next++ % requests.length]));
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - begun) / 1_000;
  close();
  return { statuses: tally(answers), perSecond: amount / seconds, ...times(answers) };
}

/** All at the same moment, each on a connection of its own that is open already. */
async function burst({ url, requests, headers, amount }) {
  const { send, close } = client(url, headers, amount);
  await Promise.all(Array.from({ length: amount }, () => send({ path: '/hello', method: 'GET' })));
  const answers = await Promise.all(
    Array.from({ length: amount }, (_, index) => send(requests[index % requests.length])),
  );
  close();
  const of = (due) => {
    const those = answers.filter(({ status }) => status === due);
    return { count: those.length, ...(those.length === 0 ? {} : times(those)) };
  };
  return { statuses: tally(answers), admitted: of(200), refused: of(503) };
}

/** Each client spends its refresh token for the next, for as long as it is told. */
async function rotate({ url, tokens, seconds }) {
  const { send, close } = client(url, { 'content-type': 'application/json' }, tokens.length);
  const begun = performance.now();
  const end = begun + seconds * 1_000;
  let count = 0;
  const spend = async (token) => {
    const body = JSON.stringify({ refresh_token: token });
    const { status, text } = await send({ path: '/auth/token/refresh', method: 'POST', body });
    if (status !== 200) throw new Error(`refresh: ${status} ${text}`);
    count += 1;
    return JSON.parse(text).refresh_token;
  };
  const chain = async (first) => {
    let current = first;
    while (performance.now() < end) current = await spend(current);
    return current;
  };
  const next = await Promise.all(tokens.map(chain));
  close();
  return { tokens: next, count, perSecond: count / ((performance.now() - begun) / 1_000) };
}

function client(url, headers, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const send = ({ path, method, body = '', headers: own = {} }) =>
    new Promise((resolve, reject) => {
      const begun = performance.now();
      const all = { ...headers, ...own, 'content-length': Buffer.byteLength(body) };
      const sent = request({ agent, hostname, port, path, method, headers: all }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        answer.once('end', () => resolve({ status: answer.statusCode, text, ms: performance.now() - begun }));
      });
      sent.once('error', reject);
      sent.end(body);
    });
  return { send, close: () => agent.destroy() };
}

function tally(answers) {
  const statuses = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  return statuses;
}

function times(answers) {
  const all = answers.map(({ ms }) => ms);
  return { p50: percentile(all, 0.5), p99: percentile(all, 0.99), last: Math.max(...all) };
}

const questions = { run, inTurn, burst, rotate };

process.on('message', ({ id, question, input }) => {
  questions[question](input).then(
    (answer) => process.send({ id, answer }),
    (error) => process.send({ id, error: String(error?.stack ?? error) }),
  );
});
process.once('disconnect', () => process.exit(0));
process.send({ ready: {} });
