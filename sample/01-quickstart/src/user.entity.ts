import { AuthUser } from 'nestjs-gatehouse';
import { Entity } from 'typeorm';

/** The application's own user. Columns of its own go here, beside what `AuthUser` brings. */
@Entity('users')
export class User extends AuthUser {}
