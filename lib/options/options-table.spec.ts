import { expect, it } from 'vitest';
import { optionsTable } from './options-table.js';

it('lists every option with its default', () => {
  const table = new Map(optionsTable().map((row) => [row.path, row.default]));
  expect(table.size).toBe(optionsTable().length);
  expect(Object.fromEntries(table)).toMatchObject({
    userEntity: 'required',
    path: "'/auth'",
    protect: "'all'",
    secret: 'required',
    'secrets.csrf': 'none',
    origins: '[]',
    'sessions.idle': "'30m'",
    'sessions.cap': '10',
    'roles.grants': "{ admin: ['*'] }",
    'passwords.concurrency': 'threads of the libuv pool minus one',
    'cookies.xsrfCookie': 'false',
    'checklist.accept': '{}',
  });
});
