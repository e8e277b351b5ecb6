import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('orders')
@Index('orders_by_user', ['userId', 'createdAt'])
export class Order {
  @PrimaryColumn({ name: 'id', type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  @Column({ name: 'item', type: 'varchar', length: 200 })
  item!: string;

  @Column({ name: 'quantity', type: 'int' })
  quantity!: number;

  /** Milliseconds since 1970. PostgreSQL hands a bigint over as text. */
  @Column({ name: 'created_at', type: 'bigint', transformer: { to: (value: number) => value, from: Number } })
  createdAt!: number;
}
