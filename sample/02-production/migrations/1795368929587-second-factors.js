/**
 * @typedef {import('typeorm').MigrationInterface} MigrationInterface
 * @typedef {import('typeorm').QueryRunner} QueryRunner
 */

/**
 * @class
 * @implements {MigrationInterface}
 */
export class SecondFactors1795368929587 {
  name = 'SecondFactors1795368929587';

  /**
   * @param {QueryRunner} queryRunner
   */
  async up(queryRunner) {
    await queryRunner.query(`
            CREATE TABLE "auth_identities" (
                "id" character varying(36) NOT NULL,
                "user_id" character varying(36) NOT NULL,
                "provider" character varying(64) NOT NULL,
                "issuer" character varying(255) NOT NULL,
                "subject" character varying(255) NOT NULL,
                "email" character varying(254),
                "name" character varying(200),
                "tokens" text,
                "created_at" bigint NOT NULL,
                "last_used_at" bigint NOT NULL,
                CONSTRAINT "PK_63a29aebcddd09448dbeee4666b" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_identities_user" ON "auth_identities" ("user_id", "id")
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "auth_identities_subject" ON "auth_identities" ("issuer", "subject")
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_passkey_users" (
                "user_id" character varying(36) NOT NULL,
                "handle" character varying(43) NOT NULL,
                "created_at" bigint NOT NULL,
                CONSTRAINT "PK_90154c07d4bbda2c7178a9ad848" PRIMARY KEY ("user_id")
            )
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "auth_passkey_users_handle" ON "auth_passkey_users" ("handle")
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_passkeys" (
                "id" character varying(36) NOT NULL,
                "user_id" character varying(36) NOT NULL,
                "credential_id" character varying(1364) NOT NULL,
                "credential_hash" character varying(43) NOT NULL,
                "public_key" text NOT NULL,
                "counter" bigint NOT NULL,
                "transports" text NOT NULL,
                "device_type" character varying(16) NOT NULL,
                "backed_up" boolean NOT NULL,
                "aaguid" character varying(36) NOT NULL,
                "name" character varying(80) NOT NULL,
                "created_at" bigint NOT NULL,
                "last_used_at" bigint,
                "cloned_at" bigint,
                CONSTRAINT "PK_cd9bb8050cd6722bc17aaeb0c1d" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_passkeys_user" ON "auth_passkeys" ("user_id")
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "auth_passkeys_credential" ON "auth_passkeys" ("credential_hash")
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_recovery_codes" (
                "user_id" character varying(36) NOT NULL,
                "hash" character varying(43) NOT NULL,
                "created_at" bigint NOT NULL,
                "used_at" bigint,
                CONSTRAINT "PK_8ef469d66aa7e2445844eaeee49" PRIMARY KEY ("user_id", "hash")
            )
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_totp" (
                "id" character varying(36) NOT NULL,
                "user_id" character varying(36) NOT NULL,
                "sealed" text NOT NULL,
                "algorithm" character varying(8) NOT NULL,
                "digits" integer NOT NULL,
                "period" integer NOT NULL,
                "last_step" bigint NOT NULL,
                "created_at" bigint NOT NULL,
                "confirmed_at" bigint,
                CONSTRAINT "PK_1313a06fa6fcae0fb66d0af6a7a" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "auth_totp_user" ON "auth_totp" ("user_id")
        `);
  }

  /**
   * @param {QueryRunner} queryRunner
   */
  async down(queryRunner) {
    await queryRunner.query(`
            DROP INDEX "public"."auth_totp_user"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_totp"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_recovery_codes"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_passkeys_credential"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_passkeys_user"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_passkeys"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_passkey_users_handle"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_passkey_users"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_identities_subject"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_identities_user"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_identities"
        `);
  }
}
