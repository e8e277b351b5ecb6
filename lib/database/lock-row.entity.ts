import { Column, Entity, PrimaryColumn } from 'typeorm';
import { exactText } from './columns.js';

/** A row whose update is the lock of a rule over several rows, such as that of the last administrator. */
@Entity('auth_locks')
export class LockRow {
  @PrimaryColumn(exactText('name', 64))
  name!: string;

  @Column({ name: 'turn', type: 'int', default: 0 })
  turn!: number;
}
