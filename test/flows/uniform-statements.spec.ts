import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { MARIADB_STACK, STACKS, startApp, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { QueryLog } from '../support/query-log.js';
import {
  ACCOUNT_KINDS,
  addressOf,
  MAIL_REQUEST_AUTH,
  MAIL_REQUESTS,
  makeAccounts,
  nobodys,
  type MailRequestName,
} from './mail-request-lab.js';

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

const NAMES = Object.keys(MAIL_REQUESTS) as MailRequestName[];

/** What a client sees, but for what is random: of that, the length. */
function seen({ status, headers, body, text }: Answer): object {
  const names = [...headers.keys()].filter((name) => !['date', 'keep-alive'].includes(name)).sort();
  const { challenge, ...rest } = body as { challenge?: string };
  return { status, names, rest, challenge: challenge?.length, length: text.length };
}

// How long the same statements take is told by `npm run proof -- mail-request-timing`.
describe.each([...STACKS, MARIADB_STACK])('a request for mail does the same for everybody ($database)', (stack) => {
  it('the same statements, in the same number, and the same answer', async () => {
    const logger = new QueryLog();
    running = await startApp({
      ...stack,
      typeorm: { logger, logging: ['query'] },
      auth: { ...MAIL_REQUEST_AUTH, jobs: 'manual' },
    });
    await makeAccounts(running);
    await quiet(logger);
    for (const name of NAMES) {
      const ask = async (email: string): Promise<object> => {
        logger.statements = [];
        const answer = await MAIL_REQUESTS[name](running!.client(), email);
        await quiet(logger);
        return { ...seen(answer), statements: logger.statements.map(inOutline) };
      };
      const nobody = await ask(nobodys('known'));
      expect(nobody, name).toMatchObject({ status: 202 });
      expect((nobody as { statements: string[] }).statements.length, name).toBeGreaterThan(3);
      for (const kind of ACCOUNT_KINDS) expect(await ask(addressOf(kind)), `${name}, ${kind}`).toEqual(nobody);
    }
  });
});

/** What a request leaves behind is written after the answer. */
async function quiet({ statements }: QueryLog): Promise<void> {
  let before: number;
  do {
    before = statements.length;
    await delay(50);
  } while (statements.length > before);
}

/** A registration writes a user, and where there is one already as many statements that match nothing. */
function inOutline(statement: string): string {
  const [word = ''] = statement.split(/\s/, 1);
  const table = /auth_(?:outbox|audit)/.exec(statement)?.[0] ?? '';
  return ['INSERT', 'UPDATE', 'DELETE'].includes(word) && table === '' ? 'WRITE' : `${word} ${table}`.trim();
}
