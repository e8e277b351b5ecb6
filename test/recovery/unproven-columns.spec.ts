import * as v from 'valibot';
import { Column, Entity } from 'typeorm';
import { expect, it } from 'vitest';
import { AuthUser } from '../../lib/index.js';
import { MARIADB_STACK, PASSWORD, STACKS } from '../support/app.js';
import { RecoveryLab } from './kit.js';

@Entity('users')
class ManyKinds extends AuthUser {
  @Column({ name: 'nick', type: 'varchar', length: 40, default: 'newcomer' })
  nick!: string;

  @Column({ name: 'motto', type: 'varchar', length: 40 })
  motto!: string;

  @Column({ name: 'age', type: 'int' })
  age!: number;

  @Column({ name: 'keen', type: 'boolean' })
  keen!: boolean;
}

it.each([...STACKS, MARIADB_STACK])(
  'columns go back to the default of the table or to nothing, whatever they hold ($database)',
  async (stack) => {
    const fields = v.object({ nick: v.string(), motto: v.string(), age: v.number(), keen: v.boolean() });
    const lab = await RecoveryLab.start({
      ...stack,
      auth: { userEntity: ManyKinds as never, registration: { fields } },
    });
    const email = 'victim@example.com';
    const registration = { email, password: PASSWORD, nick: 'squatter', motto: 'mine', age: 7, keen: true };
    expect((await lab.app.client().post('/auth/register', registration)).status).toBe(202);
    expect((await lab.reset(await lab.resetToken({ email, userId: '' }))).status).toBe(204);
    const [user] = await lab.app.dataSource.getRepository(ManyKinds).findBy({ emailCanonical: email });
    expect([user?.nick, user?.motto, user?.age, user?.keen]).toEqual(['newcomer', '', 0, false]);
    await lab.close();
  },
);
