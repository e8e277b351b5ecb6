import { AuthUser } from 'nestjs-gatehouse';
import { Column, Entity } from 'typeorm';

/** The application's own user: what `AuthUser` brings, and one column more. */
@Entity('users')
export class User extends AuthUser {
  /** What the customer has booked. Written by this application, never by a request. */
  @Column({ name: 'plan', type: 'varchar', length: 20, default: 'standard' })
  plan!: string;
}
