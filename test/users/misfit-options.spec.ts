import { Index } from 'typeorm';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { authEntities, AuthModule, type UserColumns } from '../../lib/index.js';
import { closeAfterEach, refusal, sqlite, VALUES } from '../module/kit.js';
import { GOOD, KEPT, said, text, unique, userWith } from './misfit-kit.js';

closeAfterEach();

describe('a start is refused for', () => {
  it('options that set or show what is ours, by either name and by a second property of the column', async () => {
    const columns = {
      mail: unique,
      pwd: text(255, { nullable: true }),
      alias: text(255, { name: 'pwd', nullable: true }),
    };
    const userColumns = { ...KEPT, email: 'mail', passwordHash: 'pwd' };
    const fields = (name: string) => v.object({ [name]: v.optional(v.string()) });
    for (const name of ['pwd', 'passwordHash', 'alias', 'mail', 'email', 'id', 'roles']) {
      const ours = `${name} belongs to Gatehouse and cannot be set.`;
      expect(await said(columns, userColumns, { profile: { fields: fields(name) } })).toContain(
        `profile.fields: ${ours}`,
      );
      const registration = { newUserDefaults: { [name]: null } };
      expect(await said(columns, userColumns, { registration })).toContain(`registration.newUserDefaults: ${ours}`);
    }
    for (const name of ['pwd', 'passwordHash', 'alias']) {
      const shown = await said(columns, userColumns, { publicUserFields: [name] });
      expect(shown).toContain(`publicUserFields: ${name} is never shown.`);
    }
  });

  it.each<[object, RegExp]>([
    [{ emails: 'mail' }, /userColumns: has no emails: did you mean email\?/],
    [{ phone: 'phone' }, /userColumns: has no phone: it takes id, email/],
    [{ id: null }, /userColumns: must give id the name of a property/],
    [{ email: '' }, /userColumns: must give email the name of a property/],
    [{ passwordHash: 1 }, /userColumns: must give passwordHash the name of a property/],
    [['id'], /userColumns: must be an object/],
  ])('userColumns %j', async (userColumns, message) => {
    expect(await said(GOOD, userColumns as UserColumns)).toMatch(message);
  });

  it('identifiers that are compared with what is typed and are no text', async () => {
    const columns = { ...GOOD, badge: { type: 'integer', unique: true, nullable: true } } as const;
    const identifiers = ['email', 'badge'];
    expect(await said(columns, KEPT, { identifiers })).toMatch(/identifiers: Person\.badge is no varchar or text/);
  });

  it('a partial index, under which an address may be there twice', async () => {
    const userEntity = userWith({ email: text(254) });
    Index({ unique: true, where: 'id > 10' })(userEntity.prototype as object, 'email');
    const database = [sqlite({ autoLoadEntities: false, entities: authEntities({ userEntity }) })];
    const refused = await refusal({
      database,
      imports: [AuthModule.forRoot({ userEntity, userColumns: KEPT, ...VALUES })],
    });
    expect(refused).toMatch(/Person\.email tells addresses apart/);
  });
});

it('a column that nobody sets is no matter where nobody registers, or code sets it', async () => {
  const columns = { ...GOOD, fullName: text(60) };
  expect(await said(columns, KEPT, { registration: { enabled: false } })).toBe('');
  expect(await said(columns, KEPT, { registration: { newUserDefaults: { fullName: 'Nobody' } } })).toBe('');
});
