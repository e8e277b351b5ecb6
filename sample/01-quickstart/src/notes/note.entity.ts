import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('notes')
@Index('notes_by_user', ['userId', 'createdAt'])
export class Note {
  @PrimaryColumn({ name: 'id', type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  @Column({ name: 'text', type: 'text' })
  text!: string;

  /** Milliseconds since 1970: the one form of time that every database keeps alike. PostgreSQL hands a bigint over as text. */
  @Column({ name: 'created_at', type: 'bigint', transformer: { to: (value: number) => value, from: Number } })
  createdAt!: number;
}
