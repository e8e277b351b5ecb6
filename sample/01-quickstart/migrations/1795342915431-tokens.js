/**
 * @typedef {import('typeorm').MigrationInterface} MigrationInterface
 * @typedef {import('typeorm').QueryRunner} QueryRunner
 */

/**
 * @class
 * @implements {MigrationInterface}
 */
export class Tokens1795342915431 {
  name = 'Tokens1795342915431';

  /**
   * @param {QueryRunner} queryRunner
   */
  async up(queryRunner) {
    await queryRunner.query(`
            ALTER TABLE "auth_accounts"
            ADD "password_hash" character varying(255)
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_accounts"
            ADD "email_verified_at" bigint
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_accounts"
            ADD "created_at" bigint
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_sessions"
            ADD "generation" integer
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_sessions"
            ADD "rotated_at" bigint
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_sessions"
            ADD "scopes" text
        `);
  }

  /**
   * @param {QueryRunner} queryRunner
   */
  async down(queryRunner) {
    await queryRunner.query(`
            ALTER TABLE "auth_sessions" DROP COLUMN "scopes"
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_sessions" DROP COLUMN "rotated_at"
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_sessions" DROP COLUMN "generation"
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_accounts" DROP COLUMN "created_at"
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_accounts" DROP COLUMN "email_verified_at"
        `);
    await queryRunner.query(`
            ALTER TABLE "auth_accounts" DROP COLUMN "password_hash"
        `);
  }
}
