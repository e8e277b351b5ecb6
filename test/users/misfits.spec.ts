import type { ColumnOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import type { UserColumns } from '../../lib/index.js';
import { closeAfterEach } from '../module/kit.js';
import { GOOD, KEPT, said, text, unique } from './misfit-kit.js';

closeAfterEach();

it.each([{}, { tokens: { checking: 'signature' } } as const])('a table that fits starts: %j', async (more) => {
  expect(await said(GOOD, KEPT, more)).toBe('');
  expect(await said(GOOD, KEPT, more, 'postgres')).toBe('');
  expect(await said(GOOD, KEPT, more, 'mariadb')).toBe('');
});

describe('a start is refused, with the property and the line to change, for', () => {
  type Case = readonly [
    what: string,
    columns: Readonly<Record<string, ColumnOptions>>,
    userColumns: UserColumns | undefined,
    message: RegExp,
  ];
  const cases: readonly Case[] = [
    [
      'an entity that is neither an AuthUser nor mapped',
      { email: unique },
      undefined,
      /userEntity: Person does not extend AuthUser \(no column emailVerifiedAt, passwordHash, createdAt\)\. Extend it, or say with userColumns/,
    ],
    [
      'a property that is not there',
      { mail: unique },
      { ...KEPT, email: 'mails' },
      /userColumns\.email: Person has no column mails\. Did you mean mail\? Name the property that holds it\./,
    ],
    [
      'a name that is left out and not there',
      GOOD,
      { emailVerifiedAt: null, createdAt: null },
      /userColumns\.passwordHash: Person has no column passwordHash\. Name the property that holds it, or null, and Gatehouse keeps it in auth_accounts\./,
    ],
    [
      'two names for one column',
      { ...GOOD, other: text(254, { name: 'email' }) },
      { ...KEPT, passwordHash: 'other' },
      /userColumns\.passwordHash: this is the column of email\./,
    ],
    [
      'an address without a unique index',
      { email: text(254) },
      KEPT,
      /Person\.email tells addresses apart \(there is no column for emailCanonical\).*@Index\(\{ unique: true \}\)/,
    ],
    [
      'a canonical address without one, whatever the address has',
      { email: unique, lower: text(254) },
      { ...KEPT, emailCanonical: 'lower' },
      /userColumns\.emailCanonical: Person\.lower tells addresses apart and has no unique index/,
    ],
    [
      'an address that is no text',
      { email: { type: 'integer', unique: true } },
      KEPT,
      /Person\.email is no varchar or text/,
    ],
    [
      'an address that is padded',
      { email: { type: 'character', length: 254, unique: true } },
      KEPT,
      /Person\.email is no varchar or text/,
    ],
    [
      'an address that is encrypted',
      {
        email: {
          ...unique,
          transformer: { to: (value: string) => `x${value}`, from: (value: string) => value.slice(1) },
        },
      },
      KEPT,
      /Person\.email has a transformer that changes what is stored/,
    ],
    [
      'an address that is never written',
      { email: { ...unique, update: false } },
      KEPT,
      /Person\.email cannot be written/,
    ],
    [
      'a hash that does not fit in',
      { ...GOOD, pwd: text(60) },
      { ...KEPT, passwordHash: 'pwd' },
      /userColumns\.passwordHash: Person\.pwd holds 60 characters, a password hash has 74: make it varchar\(255\)/,
    ],
    [
      'a hash that is encrypted',
      { ...GOOD, pwd: text(255, { transformer: { to: () => 'sealed', from: () => 'open' } }) },
      { ...KEPT, passwordHash: 'pwd' },
      /Person\.pwd has a transformer/,
    ],
    [
      'a proof of the address that takes no NULL',
      { ...GOOD, proven: { type: 'datetime' } },
      { ...KEPT, emailVerifiedAt: 'proven' },
      /Person\.proven takes no NULL, which is what an unproven address has: make it nullable/,
    ],
    [
      'a proof of the address that is text',
      { ...GOOD, proven: text(1) },
      { ...KEPT, emailVerifiedAt: 'proven' },
      /userColumns\.emailVerifiedAt: Person\.proven holds no moment: make it bigint \(epoch ms\), boolean or a timestamp, or give userColumns\.emailVerifiedAt: null/,
    ],
    [
      'a moment of creation that says only yes',
      { ...GOOD, made: { type: 'boolean' } },
      { ...KEPT, createdAt: 'made' },
      /userColumns\.createdAt: Person\.made holds no moment: make it bigint \(epoch ms\) or a timestamp/,
    ],
    [
      'a moment in a type of another library',
      {
        ...GOOD,
        made: { type: 'bigint', transformer: { to: (at: Date) => at.getTime(), from: (ms: number) => new Date(ms) } },
      },
      { ...KEPT, createdAt: 'made' },
      /Person\.made has a transformer/,
    ],
    [
      'an id that nobody makes',
      { ...GOOD, id: { type: 'integer', primary: true } },
      KEPT,
      /Person\.id is an integer that nobody generates: declare it with @PrimaryGeneratedColumn\(\)/,
    ],
    [
      'an id without room for a UUID',
      { ...GOOD, id: text(20, { primary: true }) },
      KEPT,
      /Person\.id holds 20 characters, a UUID has 36/,
    ],
    [
      'an id that is no id',
      { ...GOOD, id: { type: 'float', primary: true } },
      KEPT,
      /Person\.id is no text, uuid or integer/,
    ],
    [
      'an id that is half a key',
      { ...GOOD, id: text(36, { primary: true }), tenant: text(36, { primary: true }) },
      KEPT,
      /Person\.id is not unique by itself/,
    ],
    [
      'a column that nobody sets',
      { ...GOOD, fullName: text(60) },
      KEPT,
      /registration: Person\.fullName takes no NULL, has no default, and no registration sets it/,
    ],
  ];

  it.each(cases)('%s', async (_, columns, userColumns, message) => {
    const refused = await said(columns, userColumns);
    expect(refused).toMatch(/^Gatehouse: the options do not fit the entities\.\n/);
    expect(refused).toMatch(message);
  });

  it('all of it at once', async () => {
    const columns = { mail: text(254), pwd: text(60), proven: text(1) };
    const refused = await said(columns, {
      email: 'mail',
      passwordHash: 'pwd',
      emailVerifiedAt: 'proven',
      createdAt: null,
    });
    for (const name of ['mail', 'pwd', 'proven']) expect(refused).toContain(`Person.${name} `);
  });

  it('a proof of the address that a 32-bit integer cannot hold', async () => {
    const columns = { ...GOOD, proven: { type: 'integer', nullable: true } } as const;
    const userColumns = { ...KEPT, emailVerifiedAt: 'proven' };
    expect(await said(columns, userColumns, {}, 'postgres')).toMatch(/Person\.proven holds no moment/);
    expect(await said(columns, userColumns, {}, 'mariadb')).toMatch(/Person\.proven holds no moment/);
  });
});
