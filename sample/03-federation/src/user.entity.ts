import { AuthUser } from 'nestjs-gatehouse';
import { Entity } from 'typeorm';

@Entity('users')
export class User extends AuthUser {}
