import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, idColumn, moment } from '../../database/columns.js';

/** As authenticators say it (WebAuthn Level 3 §6.1.3): bound to one device, or kept in an account of its vendor. */
export type PasskeyDeviceType = 'singleDevice' | 'multiDevice';

/** The public half of one passkey of an account. */
@Entity('auth_passkeys')
export class Passkey {
  @PrimaryColumn(idColumn('id'))
  id!: string;

  @Index('auth_passkeys_user')
  @Column(idColumn('user_id'))
  userId!: string;

  /** Base64url of what the authenticator calls it, 1,023 bytes at most. */
  @Column(exactText('credential_id', 1_364))
  credentialId!: string;

  /** SHA-256 of the credential id, which is too long for an index of MariaDB. */
  @Index('auth_passkeys_credential', { unique: true })
  @Column(exactText('credential_hash', 43))
  credentialHash!: string;

  /** COSE key, base64. */
  @Column({ name: 'public_key', type: 'text' })
  publicKey!: string;

  /** Signature counter of the last accepted use; 0 for authenticators that have none. */
  @Column({ name: 'counter', type: 'bigint', transformer: { to: (count: number) => count, from: Number } })
  counter!: number;

  /** How browsers reach the authenticator. */
  @Column({ name: 'transports', type: 'simple-json' })
  transports!: readonly string[];

  @Column({ name: 'device_type', type: 'varchar', length: 16 })
  deviceType!: PasskeyDeviceType;

  @Column({ name: 'backed_up', type: 'boolean' })
  backedUp!: boolean;

  /** Model of the authenticator, where it says one. */
  @Column({ name: 'aaguid', type: 'varchar', length: 36 })
  aaguid!: string;

  /** The owner's name for it. */
  @Column({ name: 'name', type: 'varchar', length: 80 })
  name!: string;

  @Column(moment('created_at'))
  createdAt!: number;

  @Column(moment('last_used_at', { nullable: true }))
  lastUsedAt!: number | null;

  /** When its counter went back: from then on it is refused. */
  @Column(moment('cloned_at', { nullable: true }))
  clonedAt!: number | null;
}
