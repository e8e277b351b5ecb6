import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { ADAPTERS, PASSWORD, STACKS, startApp, type TestApp } from '../support/app.js';

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

const matrix = ADAPTERS.flatMap((adapter) => STACKS.map((stack) => ({ adapter, ...stack })));
const displayName = v.object({ displayName: v.optional(v.string()) });

describe.each(matrix)('abuse on $adapter, $database and $store', (stack) => {
  it('text that is dear to compose does not hold up the others', async () => {
    running = await startApp(stack);
    const room = stack.adapter === 'express' ? 30_000 : 300_000;
    const bodies = [
      { email: '\ufdfa'.repeat(room), password: PASSWORD },
      { email: 'a@example.com', password: PASSWORD, more: '\ufdfa'.repeat(room) },
      Object.fromEntries(Array.from({ length: room / 5 }, (_, index) => [`k${index}`, 1])),
    ];
    for (const body of bodies) {
      // Of this process's own work: what other processes take of a busy machine holds up nobody here.
      let longestMs = 0;
      let last = process.cpuUsage();
      const beat = setInterval(() => {
        const { user, system } = process.cpuUsage(last);
        longestMs = Math.max(longestMs, (user + system) / 1_000);
        last = process.cpuUsage();
      }, 5);
      const answer = await running.client().post('/auth/register', body);
      clearInterval(beat);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.text.length).toBeLessThan(10_000);
      expect(longestMs).toBeLessThan(500);
    }
  });

  it('what no column can hold is refused alike for a free and a taken address', async () => {
    running = await startApp({ ...stack, auth: { registration: { fields: displayName } } });
    const client = running.client();
    await client.register('taken@example.com');
    for (const value of ['a\u0000b', 'x'.repeat(81)]) {
      const answers = [];
      for (const email of ['taken@example.com', 'free@example.com']) {
        answers.push(await client.post('/auth/register', { email, password: PASSWORD, displayName: value }));
      }
      expect(answers.map(({ status }) => status)).toEqual([400, 400]);
      expect(answers[0]!.text).toBe(answers[1]!.text);
    }
  });

  it('a page of another site signs nobody out', async () => {
    running = await startApp(stack);
    const ada = running.client();
    await ada.register('ada@example.com');
    await ada.signIn('ada@example.com');
    // A form of another site sends no Lax cookie; the answer must not clear it either.
    for (const [name, value] of [
      ['origin', 'https://evil.example'] as const,
      ['sec-fetch-site', 'cross-site'] as const,
    ]) {
      const answer = await running.client().post('/auth/logout', undefined, { headers: { [name]: value } });
      expect(answer.body.code).toBe('CSRF_FAILED');
      expect(answer.setCookies).toEqual([]);
    }
    expect((await ada.get('/auth/me')).status).toBe(200);
  });

  it('another spelling of a user name does not tell whether it is taken', async () => {
    running = await startApp({ ...stack, auth: { identifiers: ['email', 'handle'] } });
    await running.get(Accounts).create({ email: 'bob@example.com', password: PASSWORD, fields: { handle: 'bob' } });
    const client = running.client();
    for (const name of ['bob', 'nobody']) {
      for (let tries = 0; tries < 5; tries += 1) await client.signIn(name.toUpperCase(), 'a wrong password altogether');
      expect((await client.signIn(name, 'a wrong password altogether')).status, name).toBe(401);
    }
  });

  it('a hundred wrong passwords in a row are counted for a user whom the application made, and unlocked', async () => {
    running = await startApp(stack);
    const accounts = running.get(Accounts);
    const { id } = (await accounts.create({ email: 'ada@example.com', password: PASSWORD }))!;
    await running.dataSource.query('DELETE FROM auth_accounts');
    await running.client().signIn('ada@example.com', 'a wrong password altogether');
    const counted = async (): Promise<unknown> => {
      const [row] = await running!.dataSource.query('SELECT failed_in_row AS n FROM auth_accounts');
      return row?.n;
    };
    await expect.poll(counted).toBe(1);
    await running.dataSource.query('UPDATE auth_accounts SET failed_in_row = 100');
    expect((await running.client().signIn('ada@example.com')).status).toBe(401);
    await accounts.unlock(id);
    expect((await running.client().signIn('ada@example.com')).status).toBe(200);
    await running.dataSource.query('UPDATE auth_accounts SET failed_in_row = 100');
    await accounts.setPassword(id, 'another battery staple horse');
    expect((await running.client().signIn('ada@example.com', 'another battery staple horse')).status).toBe(200);
  });
});

describe('a schema that does not say what it names', () => {
  it.each([
    ['of another library', { '~standard': { version: 1, vendor: 'other', validate: (value: unknown) => ({ value }) } }],
    ['an intersection', v.intersect([displayName, v.object({ handle: v.string() })])],
  ])('is refused at start: %s', async (_, fields) => {
    await expect(startApp({ auth: { registration: { fields: fields as never } } })).rejects.toThrow(
      /registration\.fields: must be an object schema of valibot or zod/,
    );
  });
});

describe('an error of the database', () => {
  it('shows no address and no hash in the log', async () => {
    const lines: string[] = [];
    const log = (...parts: unknown[]): void =>
      void lines.push(parts.map((part) => (part instanceof Error ? part.stack : String(part))).join(' '));
    running = await startApp({
      hasher: 'real',
      auth: { passwords: { cost: 4 } },
      logger: { log, error: log, warn: log },
    });
    await running.dataSource.query('DROP TABLE auth_accounts');
    const answer = await running.client().register('marker@example.com');
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({ statusCode: 500, message: 'Internal server error' });
    expect(lines.join('\n')).toContain('auth_accounts');
    expect(lines.join('\n')).not.toMatch(/marker@example\.com|\$gatehouse\$|\$2b\$/);
  });
});
