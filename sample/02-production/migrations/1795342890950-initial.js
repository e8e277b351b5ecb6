/**
 * @typedef {import('typeorm').MigrationInterface} MigrationInterface
 * @typedef {import('typeorm').QueryRunner} QueryRunner
 */

/**
 * @class
 * @implements {MigrationInterface}
 */
export class Initial1795342890950 {
  name = 'Initial1795342890950';

  /**
   * @param {QueryRunner} queryRunner
   */
  async up(queryRunner) {
    await queryRunner.query(`
            CREATE TABLE "auth_user_roles" (
                "user_id" character varying(36) NOT NULL,
                "role" character varying(64) NOT NULL,
                "assigned_at" bigint NOT NULL,
                CONSTRAINT "PK_9519151a2fc20fddb18428ffb46" PRIMARY KEY ("user_id", "role")
            )
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_accounts" (
                "user_id" character varying(36) NOT NULL,
                "epoch" integer NOT NULL DEFAULT '0',
                "session_seq" integer NOT NULL DEFAULT '0',
                "failed_in_row" integer NOT NULL DEFAULT '0',
                "failed_in_row_known" integer NOT NULL DEFAULT '0',
                "disabled_at" bigint,
                "password_hash" character varying(255),
                "email_verified_at" bigint,
                "created_at" bigint,
                CONSTRAINT "PK_ec59c6a7dc808a04c4ae2f603f7" PRIMARY KEY ("user_id")
            )
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_sessions" (
                "id" character varying(36) NOT NULL,
                "sid" character varying(22) NOT NULL,
                "user_id" character varying(36) NOT NULL,
                "epoch" integer NOT NULL,
                "created_at" bigint NOT NULL,
                "last_seen_at" bigint NOT NULL,
                "expires_at" bigint NOT NULL,
                "idle_ms" bigint NOT NULL,
                "authenticated_at" bigint NOT NULL,
                "fresh_until" bigint NOT NULL,
                "methods" text NOT NULL,
                "remember" boolean NOT NULL,
                "csrf_seed" character varying(22) NOT NULL,
                "ip" character varying(45) NOT NULL,
                "user_agent" character varying(256) NOT NULL,
                "generation" integer,
                "rotated_at" bigint,
                "scopes" text,
                "revoked_at" bigint,
                CONSTRAINT "PK_641507381f32580e8479efc36cd" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "auth_sessions_sid" ON "auth_sessions" ("sid")
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_sessions_user" ON "auth_sessions" ("user_id", "created_at")
        `);
    await queryRunner.query(`
            CREATE TABLE "orders" (
                "id" character varying(36) NOT NULL,
                "user_id" character varying(36) NOT NULL,
                "item" character varying(200) NOT NULL,
                "quantity" integer NOT NULL,
                "created_at" bigint NOT NULL,
                CONSTRAINT "PK_710e2d4957aa5878dfe94e4ac2f" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "orders_by_user" ON "orders" ("user_id", "created_at")
        `);
    await queryRunner.query(`
            CREATE TABLE "users" (
                "id" character varying(36) NOT NULL,
                "email" character varying(254) NOT NULL,
                "email_canonical" character varying(254) NOT NULL,
                "email_verified_at" bigint,
                "password_hash" character varying(255),
                "created_at" bigint NOT NULL,
                "plan" character varying(20) NOT NULL DEFAULT 'standard',
                CONSTRAINT "PK_a3ffb1c0c8416b9fc6f907b7433" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "auth_user_email_canonical" ON "users" ("email_canonical")
        `);
  }

  /**
   * @param {QueryRunner} queryRunner
   */
  async down(queryRunner) {
    await queryRunner.query(`
            DROP INDEX "public"."auth_user_email_canonical"
        `);
    await queryRunner.query(`
            DROP TABLE "users"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."orders_by_user"
        `);
    await queryRunner.query(`
            DROP TABLE "orders"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_sessions_user"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_sessions_sid"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_sessions"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_accounts"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_user_roles"
        `);
  }
}
