import { Column, Entity } from 'typeorm';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, AuthUser } from '../../lib/index.js';
import { DATABASES, PASSWORD, startApp, type TestApp } from '../support/app.js';

@Entity('users')
class Member extends AuthUser {
  @Column({ name: 'age', type: 'int', nullable: true })
  age!: number | null;

  @Column({ name: 'visits', type: 'bigint', nullable: true })
  visits!: string | null;

  @Column({ name: 'price', type: 'decimal', precision: 6, scale: 2, nullable: true })
  price!: string | null;

  @Column({ name: 'weight', type: 'real', nullable: true })
  weight!: number | null;

  @Column({ name: 'agreed', type: 'boolean', nullable: true })
  agreed!: boolean | null;

  @Column({ name: 'born', type: 'date', nullable: true })
  born!: string | null;

  @Column({ name: 'seen', type: Date, nullable: true })
  seen!: Date | null;

  @Column({ name: 'colour', type: 'simple-enum', enum: ['red', 'green'], nullable: true })
  colour!: string | null;

  @Column({ name: 'token', type: 'uuid', nullable: true })
  token!: string | null;

  @Column({ name: 'wishes', type: 'simple-json', nullable: true })
  wishes!: object | null;

  @Column({ name: 'points', type: 'int', default: 0 })
  points!: number;
}

const NAMES = 'age visits price weight agreed born seen colour token wishes points'.split(' ');
const fields = v.object(Object.fromEntries(NAMES.map((name) => [name, v.optional(v.any())])));

const REFUSED: readonly (readonly [string, unknown])[] = [
  ...[3e9, -3e9, 1.5, 'many', '', true, {}, 1e300].map((value) => ['age', value] as const),
  ...[1e19, '9223372036854775808', '1e3'].map((value) => ['visits', value] as const),
  ...[10_000, '99999.9', 9999.999, 'cheap', 'NaN'].map((value) => ['price', value] as const),
  ...['heavy', 'Infinity', '1e-400'].map((value) => ['weight', value] as const),
  ...['perhaps', 2, []].map((value) => ['agreed', value] as const),
  ...['yesterday', '2023-02-30', '2023-13-01', 5, '0000-01-01', ''].map((value) => ['born', value] as const),
  ...['soon', 5, '', '+200000-01-01T00:00:00Z'].map((value) => ['seen', value] as const),
  ...['blue', 0].map((value) => ['colour', value] as const),
  ...['x', 5, '0192'].map((value) => ['token', value] as const),
  ['points', null],
];

const TAKEN = {
  age: 2_147_483_647,
  visits: '9007199254740991',
  price: '9999.99',
  weight: 80.5,
  agreed: true,
  born: '1999-12-31',
  seen: '2020-02-29T12:00:00Z',
  colour: 'red',
  token: '0192f0c4-8e5b-7c3a-9d1e-5f6a7b8c9d0e',
  wishes: { a: [1] },
  points: -1,
};

describe.each(DATABASES)('values of columns on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      database,
      auth: {
        jobs: 'manual',
        userEntity: Member as never,
        registration: { fields },
        profile: { fields },
        rateLimits: { multiplier: 1_000 },
      },
    });
    await app.get(Accounts).create({ email: 'taken@example.com', password: PASSWORD });
  });
  afterAll(() => app.close());

  // Its integers have 64 bits each, whatever their type is called.
  const refused = REFUSED.filter(([, value]) => database !== 'sqlite' || ![3e9, -3e9].includes(value as number));

  it('that no column takes are refused alike for free and taken addresses', async () => {
    for (const [name, value] of refused) {
      const answers = ['taken@example.com', 'free@example.com'].map((email) =>
        app.client().post('/auth/register', { email, password: PASSWORD, [name]: value }),
      );
      for (const { status, body } of await Promise.all(answers)) {
        const told = `${name} ${JSON.stringify(value)}`;
        expect([status, body.code, body.details?.[0]?.field], told).toEqual([400, 'VALIDATION_FAILED', name]);
      }
    }
  });

  it('are refused in the profile too', async () => {
    const member = app.client();
    await member.signIn('taken@example.com');
    for (const [name, value] of refused) {
      expect((await member.call('PATCH', '/auth/me', { body: { [name]: value } })).status, name).toBe(400);
    }
    expect((await member.call('PATCH', '/auth/me', { body: TAKEN })).status).toBe(200);
  });

  it('at the end of their range are stored', async () => {
    for (const [index, [name, value]] of Object.entries(TAKEN).entries()) {
      const email = `member-${index}@example.com`;
      const answer = await app.client().post('/auth/register', { email, password: PASSWORD, [name]: value });
      expect(answer.status, `${name} ${answer.text}`).toBe(202);
    }
    const [{ n }] = await app.dataSource.query('SELECT count(*) AS n FROM users');
    expect(Number(n)).toBe(1 + Object.keys(TAKEN).length);
  });
});
