import { expect, it } from 'vitest';
import { startOver } from './kit.js';
import { PEOPLE } from './tables.js';

const STACK = { database: 'postgres', store: 'memory' } as const;

function startWith(replaced: string, by: string): Promise<unknown> {
  return startOver({ ...PEOPLE, ddl: () => PEOPLE.ddl('postgres').replace(replaced, by) }, STACK);
}

it('a column of another type than the entity says refuses the start', async () => {
  await expect(startWith('mail varchar(120)', 'mail integer')).rejects.toThrow(
    /the database cannot look up users\.\n.*the table people of Person does not go with auth_accounts: .*integer/,
  );
});

it('a column that is not there refuses the start', async () => {
  await expect(startWith(', phone varchar(20) UNIQUE', '')).rejects.toThrow(
    /the table people does not hold Person: .*phone/,
  );
});
