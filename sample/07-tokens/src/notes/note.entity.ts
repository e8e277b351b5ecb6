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

  /** Milliseconds since 1970. */
  @Column({ name: 'created_at', type: 'integer' })
  createdAt!: number;
}
