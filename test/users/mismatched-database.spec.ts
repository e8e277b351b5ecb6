import { expect, it } from 'vitest';
import { startOver } from './kit.js';
import { PEOPLE } from './tables.js';

function startWith(replaced: string, by: string, database: 'sqlite' | 'postgres' = 'postgres'): Promise<unknown> {
  const table = { ...PEOPLE, ddl: () => PEOPLE.ddl(database).replace(replaced, by) };
  return startOver(table, { database, store: 'memory' });
}

it('a column of another type than the entity says refuses the start', async () => {
  await expect(startWith('mail varchar(120)', 'mail integer')).rejects.toThrow(
    /the database cannot look up users\.\n.*the table people of Person does not go with auth_accounts: .*integer/,
  );
});

it.each(['sqlite', 'postgres'] as const)('a column that is not there refuses the start, on %s', async (database) => {
  await expect(startWith(', phone varchar(20) UNIQUE', '', database)).rejects.toThrow(
    /the table people does not hold Person: .*phone/,
  );
});
