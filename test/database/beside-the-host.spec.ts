import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { DATABASES, startApp, type TestApp } from '../support/app.js';

@Entity('notes')
class Note {
  @PrimaryColumn('varchar')
  id!: string;

  @Column('varchar')
  text!: string;
}

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe.each(DATABASES)('units of work beside the host’s own writes on %s', (database) => {
  it('a hundred at once, winners, losers and refusals among them: nothing is lost', async () => {
    running = await startApp({ database, entities: [Note] });
    const accounts = running.get(Accounts);
    const { manager } = running.dataSource;
    const hosts: Promise<unknown>[] = [];
    const ours: Promise<unknown>[] = [];
    for (let index = 0; index < 100; index += 1) {
      // Every second registration loses the race for its address, every tenth refers to nobody.
      const email = `user${Math.floor(index / 2)}@example.com`;
      ours.push(accounts.create({ email }));
      if (index % 10 === 0) ours.push(accounts.disable('0193e4a0-0000-7000-8000-000000000000').catch(() => undefined));
      hosts.push(manager.save(Note, { id: `saved${index}`, text: 'by save' }));
      hosts.push(manager.insert(Note, { id: `inserted${index}`, text: 'by insert' }));
    }
    await Promise.all([...ours, ...hosts]);
    expect(await manager.count(Note)).toBe(200);
    const [{ n }] = await running.dataSource.query('SELECT count(*) AS n FROM users');
    expect(Number(n)).toBe(50);
    const [accountRows] = await running.dataSource.query('SELECT count(*) AS n FROM auth_accounts');
    expect(Number(accountRows.n)).toBe(50);
  });
});
