import { describe, expect, it } from 'vitest';
import { Accounts, Checklist } from '../../lib/index.js';
import { startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { enrol } from './kit.js';

describe('the checklist', () => {
  const outcome = async (office: PostOffice, id: string) =>
    (await office.get(Checklist).report()).entries.find((entry) => entry.id === id);

  it('finds administrators without a second factor, unless the policy asks them for one', async () => {
    const roles = { grants: { owner: ['*'] } };
    const office = await startPostOffice({ auth: { roles } });
    const check = () => outcome(office, 'access.admin-second-factor');
    try {
      expect((await check())?.outcome).toBe('passed');
      const { id } = await office.person();
      await office.get(Accounts).assignRole(id, 'clerk');
      expect((await check())?.outcome).toBe('passed');
      const { id: ownerId, email } = await office.person();
      for (const role of ['owner', 'admin']) await office.get(Accounts).assignRole(ownerId, role);
      expect(await check()).toMatchObject({
        outcome: 'finding',
        severity: 'warn',
        evidence: { option: 'secondFactor', administrators: 1, without: 1 },
      });
      const browser = office.client();
      await browser.signIn(email);
      await enrol(office.clock, browser);
      expect((await check())?.outcome).toBe('passed');
      await office.get(Accounts).assignRole(id, 'admin');
      expect(await check()).toMatchObject({ evidence: { administrators: 2, without: 1 } });
      await office.dataSource.query('DROP TABLE auth_user_roles');
      expect((await check())?.outcome).toBe('unchecked');
    } finally {
      await office.close();
    }
  });

  it('is quiet where the policy asks every administrator, and finds roles that nobody has', async () => {
    const roles = { grants: { owner: ['*'] } };
    for (const [secondFactor, first, second] of [
      [{ roles: ['admin', 'owner'] }, 'passed', 'passed'],
      [{ roles: ['admins', 'given', 'owner'] }, 'finding', 'finding'],
    ] as const) {
      const office = await startPostOffice({ auth: { roles, secondFactor } });
      const { id } = await office.person();
      for (const role of ['owner', 'admin', 'given']) await office.get(Accounts).assignRole(id, role);
      expect((await outcome(office, 'access.admin-second-factor'))?.outcome).toBe(first);
      const found = await outcome(office, 'access.second-factor-roles');
      expect(found?.outcome).toBe(second);
      if (second === 'finding') expect(found).toMatchObject({ evidence: { option: 'secondFactor.roles', unknown: 1 } });
      await office.close();
    }
  });
});
