/**
 * Tables of nestjs-gatehouse 0.1.0 on PostgreSQL, by `gatehouse migrations`.
 *
 * @implements {import('typeorm').MigrationInterface}
 */
export class Administration1795379428745 {
  name = 'Administration1795379428745';

  /** @param {import('typeorm').QueryRunner} queryRunner */
  async up(queryRunner) {
    await queryRunner.query(`
      CREATE TABLE "auth_api_keys" (
        "id" character varying(36) NOT NULL,
        "user_id" character varying(36) NOT NULL,
        "name" character varying(80) NOT NULL,
        "label" character varying(16) NOT NULL,
        "hash" character varying(43) NOT NULL,
        "scopes" text,
        "created_at" bigint NOT NULL,
        "expires_at" bigint NOT NULL,
        "paused_at" bigint,
        "ends_at" bigint NOT NULL,
        "last_used_at" bigint,
        "last_used_ip" character varying(45),
        CONSTRAINT "PK_213df1e6b361c1e3d890cd6b87c" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_api_keys_ends" ON "auth_api_keys" ("ends_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_api_keys_user" ON "auth_api_keys" ("user_id", "ends_at")
    `);
    await queryRunner.query(`
      CREATE TABLE "auth_audit_chain" (
        "seq" integer NOT NULL,
        "audit_id" character varying(36) NOT NULL,
        "at" bigint NOT NULL,
        "hash" character varying(43) NOT NULL,
        CONSTRAINT "PK_9354b8e6b989d44237ec0bc181b" PRIMARY KEY ("seq")
      )
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "auth_audit_chain_audit" ON "auth_audit_chain" ("audit_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_audit_chain_at" ON "auth_audit_chain" ("at")
    `);
    await queryRunner.query(`
      CREATE TABLE "auth_ip_rules" (
        "id" character varying(36) NOT NULL,
        "network" character varying(43) NOT NULL,
        "action" character varying(5) NOT NULL,
        "note" character varying(200),
        "created_at" bigint NOT NULL,
        "expires_at" bigint,
        CONSTRAINT "PK_2b642ef21c25ff8f12e779f8f15" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_ip_rules_expires" ON "auth_ip_rules" ("expires_at")
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "auth_ip_rules_network" ON "auth_ip_rules" ("network", "action")
    `);
    await queryRunner.query(`
      CREATE TABLE "auth_locks" (
        "name" character varying(64) NOT NULL,
        "turn" integer NOT NULL DEFAULT '0',
        CONSTRAINT "PK_e3d057d74fa72d047c2ec3e167b" PRIMARY KEY ("name")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "auth_audit" ADD "impersonator_id" character varying(36)
    `);
    await queryRunner.query(`
      ALTER TABLE "auth_sessions" ADD "impersonator_id" character varying(36)
    `);
    await queryRunner.query(`
      ALTER TABLE "auth_sessions" ADD "impersonator_session_id" character varying(36)
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_accounts_disabled" ON "auth_accounts" ("disabled_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_audit_impersonator" ON "auth_audit" ("impersonator_id", "at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_audit_address" ON "auth_audit" ("address", "at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_audit_outcome" ON "auth_audit" ("outcome", "at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_audit_actor" ON "auth_audit" ("actor_id", "at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_sessions_expires" ON "auth_sessions" ("expires_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_sessions_impersonator" ON "auth_sessions" ("impersonator_session_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_sessions_revoked" ON "auth_sessions" ("revoked_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "auth_user_roles_role" ON "auth_user_roles" ("role", "user_id")
    `);
  }

  /**
   * Takes back what up() did. What it made goes, with the rows in it.
   *
   * @param {import('typeorm').QueryRunner} queryRunner
   */
  async down(queryRunner) {
    await queryRunner.query(`
      DROP INDEX "public"."auth_user_roles_role"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_sessions_revoked"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_sessions_impersonator"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_sessions_expires"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_audit_actor"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_audit_outcome"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_audit_address"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_audit_impersonator"
    `);
    await queryRunner.query(`
      DROP INDEX "public"."auth_accounts_disabled"
    `);
    await queryRunner.query(`
      ALTER TABLE "auth_sessions" DROP COLUMN "impersonator_session_id"
    `);
    await queryRunner.query(`
      ALTER TABLE "auth_sessions" DROP COLUMN "impersonator_id"
    `);
    await queryRunner.query(`
      ALTER TABLE "auth_audit" DROP COLUMN "impersonator_id"
    `);
    await queryRunner.query(`
      DROP TABLE "auth_locks"
    `);
    await queryRunner.query(`
      DROP TABLE "auth_ip_rules"
    `);
    await queryRunner.query(`
      DROP TABLE "auth_audit_chain"
    `);
    await queryRunner.query(`
      DROP TABLE "auth_api_keys"
    `);
  }
}
