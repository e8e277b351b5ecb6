/**
 * @typedef {import('typeorm').MigrationInterface} MigrationInterface
 * @typedef {import('typeorm').QueryRunner} QueryRunner
 */

/**
 * @class
 * @implements {MigrationInterface}
 */
export class Mail1795355712155 {
  name = 'Mail1795355712155';

  /**
   * @param {QueryRunner} queryRunner
   */
  async up(queryRunner) {
    await queryRunner.query(`
            CREATE TABLE "auth_audit" (
                "id" character varying(36) NOT NULL,
                "at" bigint NOT NULL,
                "type" character varying(64) NOT NULL,
                "outcome" character varying(8) NOT NULL,
                "actor_id" character varying(36),
                "subject_id" character varying(36),
                "session_id" character varying(36),
                "identifier" character varying(43),
                "address" character varying(45),
                "user_agent" character varying(256),
                "details" text NOT NULL,
                CONSTRAINT "PK_4f9a93d6564ca73e717de59d4cc" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_audit_at" ON "auth_audit" ("at")
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_audit_identifier" ON "auth_audit" ("identifier")
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_audit_type" ON "auth_audit" ("type", "at")
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_audit_subject" ON "auth_audit" ("subject_id", "at")
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_outbox" (
                "id" character varying(36) NOT NULL,
                "sealed" text,
                "created_at" bigint NOT NULL,
                "due_at" bigint,
                "failures" integer NOT NULL DEFAULT '0',
                "postponed" integer NOT NULL DEFAULT '0',
                "unsettled" integer NOT NULL DEFAULT '0',
                "claimed_by" character varying(22),
                "claimed_until" bigint,
                "done_at" bigint,
                CONSTRAINT "PK_58f8166b7d6d3a2ca50ed96a90f" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_outbox_due" ON "auth_outbox" ("due_at")
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_password_history" (
                "id" character varying(36) NOT NULL,
                "user_id" character varying(36) NOT NULL,
                "hash" character varying(255) NOT NULL,
                "created_at" bigint NOT NULL,
                CONSTRAINT "PK_626eede153d2fc3c5bc192b5a01" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "auth_password_history_user" ON "auth_password_history" ("user_id")
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_one_time_tokens" (
                "user_id" character varying(36) NOT NULL,
                "purpose" character varying(32) NOT NULL,
                "token_id" character varying(22) NOT NULL,
                "hash" character varying(43) NOT NULL,
                "epoch" integer NOT NULL,
                "address" character varying(254) NOT NULL,
                "new_address" character varying(254),
                "binding" character varying(43),
                "created_at" bigint NOT NULL,
                "expires_at" bigint NOT NULL,
                "used_at" bigint,
                CONSTRAINT "PK_dfc528d8505600711c7bf6ead7f" PRIMARY KEY ("user_id", "purpose")
            )
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "auth_one_time_tokens_token" ON "auth_one_time_tokens" ("token_id")
        `);
    await queryRunner.query(`
            CREATE TABLE "auth_jobs" (
                "name" character varying(64) NOT NULL,
                "claimed_by" character varying(22),
                "claimed_until" bigint,
                "last_run_at" bigint,
                "last_done" integer,
                CONSTRAINT "PK_292e306c254794606bdba81963b" PRIMARY KEY ("name")
            )
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_accounts"
            ADD "contested_at" bigint
        `);
  }

  /**
   * @param {QueryRunner} queryRunner
   */
  async down(queryRunner) {
    await queryRunner.query(`
            ALTER TABLE "auth_accounts" DROP COLUMN "contested_at"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_jobs"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_one_time_tokens_token"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_one_time_tokens"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_password_history_user"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_password_history"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_outbox_due"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_outbox"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_audit_subject"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_audit_type"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_audit_identifier"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."auth_audit_at"
        `);
    await queryRunner.query(`
            DROP TABLE "auth_audit"
        `);
  }
}
