import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/**
 * The steps of a request and of the work it leaves behind, and the one at which the process ends by its own hand. A step has
 * a name and, from its second time on, a number: `before INSERT auth_outbox (2)`.
 */
const doomed = { listens: false, at: undefined, steps: [], seen: new Map() };

export function step(label) {
  if (!doomed.listens) return;
  const times = (doomed.seen.get(label) ?? 0) + 1;
  doomed.seen.set(label, times);
  const name = times === 1 ? label : `${label} (${times})`;
  doomed.steps.push(name);
  if (name !== doomed.at) return;
  writeSync(1, `KILLED at ${name}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** Every call of an object's methods, before it is made and after it is answered. */
export function stepping(target, what, skipped = []) {
  return new Proxy(target, {
    get(object, name) {
      const value = Reflect.get(object, name);
      if (typeof value !== 'function' || skipped.includes(name)) return value;
      return async (...args) => {
        step(`before ${what} ${String(name)}`);
        try {
          return await value.apply(object, args);
        } finally {
          step(`after ${what} ${String(name)}`);
        }
      };
    },
  });
}

/** Every statement: before it is sent, while the database has it, and after it is answered. */
export function stepDatabase(dataSource) {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner);
    runner.query = async (sql, ...rest) => {
      const what = nameOf(sql);
      step(`before ${what}`);
      if (doomed.listens) await runner.connect();
      const answer = query(sql, ...rest);
      answer.catch(() => undefined);
      if (doomed.listens) await turn();
      step(`amid ${what}`);
      const result = await answer;
      step(`after ${what}`);
      return result;
    };
    return runner;
  };
}

function nameOf(sql) {
  const [word] = sql.trim().split(/\s/, 1);
  const [, table] = /(?:FROM|INTO|UPDATE) "?(\w+)/.exec(sql) ?? [];
  return table === undefined ? word : `${word} ${table}`;
}

/**
 * `x-die-at` names the step at which the process ends, or `none`. What the request leaves behind counts too: the steps go on
 * until they are asked for at `/steps`.
 */
export function stepRequests(request, response, next) {
  if (request.url === '/steps') {
    response.end(JSON.stringify(doomed.steps));
    Object.assign(doomed, { listens: false, at: undefined, steps: [], seen: new Map() });
    return undefined;
  }
  const at = request.headers['x-die-at'];
  if (at === undefined) return next();
  Object.assign(doomed, { listens: true, at, steps: [], seen: new Map() });
  const end = response.end.bind(response);
  response.end = (...args) => {
    step('before answer');
    return end(...args);
  };
  response.once('finish', () => step('after answer'));
  step('arrival');
  return next();
}
