CREATE TABLE "auth_accounts" (
  "user_id" varchar(36) PRIMARY KEY NOT NULL,
  "epoch" integer NOT NULL DEFAULT (0),
  "session_seq" integer NOT NULL DEFAULT (0),
  "failed_in_row" integer NOT NULL DEFAULT (0),
  "failed_in_row_known" integer NOT NULL DEFAULT (0),
  "disabled_at" bigint,
  "contested_at" bigint,
  "password_hash" varchar(255),
  "email_verified_at" bigint,
  "created_at" bigint
);

CREATE TABLE "auth_audit" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "at" bigint NOT NULL,
  "type" varchar(64) NOT NULL,
  "outcome" varchar(8) NOT NULL,
  "actor_id" varchar(36),
  "subject_id" varchar(36),
  "session_id" varchar(36),
  "identifier" varchar(43),
  "address" varchar(45),
  "user_agent" varchar(256),
  "details" text NOT NULL
);

CREATE INDEX "auth_audit_at" ON "auth_audit" ("at");

CREATE INDEX "auth_audit_identifier" ON "auth_audit" ("identifier");

CREATE INDEX "auth_audit_type" ON "auth_audit" ("type", "at");

CREATE INDEX "auth_audit_subject" ON "auth_audit" ("subject_id", "at");

CREATE TABLE "auth_identities" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "user_id" varchar(36) NOT NULL,
  "provider" varchar(64) NOT NULL,
  "issuer" varchar(255) NOT NULL,
  "subject" varchar(255) NOT NULL,
  "email" varchar(254),
  "name" varchar(200),
  "tokens" text,
  "created_at" bigint NOT NULL,
  "last_used_at" bigint NOT NULL
);

CREATE INDEX "auth_identities_user" ON "auth_identities" ("user_id", "id");

CREATE UNIQUE INDEX "auth_identities_subject" ON "auth_identities" ("issuer", "subject");

CREATE TABLE "auth_jobs" (
  "name" varchar(64) PRIMARY KEY NOT NULL,
  "claimed_by" varchar(22),
  "claimed_until" bigint,
  "last_run_at" bigint,
  "last_done" integer
);

CREATE TABLE "auth_one_time_tokens" (
  "user_id" varchar(36) NOT NULL,
  "purpose" varchar(32) NOT NULL,
  "token_id" varchar(22) NOT NULL,
  "hash" varchar(43) NOT NULL,
  "epoch" integer NOT NULL,
  "address" varchar(254) NOT NULL,
  "new_address" varchar(254),
  "binding" varchar(43),
  "created_at" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  "used_at" bigint,
  PRIMARY KEY ("user_id", "purpose")
);

CREATE UNIQUE INDEX "auth_one_time_tokens_token" ON "auth_one_time_tokens" ("token_id");

CREATE TABLE "auth_outbox" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "sealed" text,
  "created_at" bigint NOT NULL,
  "due_at" bigint,
  "failures" integer NOT NULL DEFAULT (0),
  "postponed" integer NOT NULL DEFAULT (0),
  "unsettled" integer NOT NULL DEFAULT (0),
  "claimed_by" varchar(22),
  "claimed_until" bigint,
  "done_at" bigint
);

CREATE INDEX "auth_outbox_due" ON "auth_outbox" ("due_at");

CREATE TABLE "auth_passkey_users" (
  "user_id" varchar(36) PRIMARY KEY NOT NULL,
  "handle" varchar(43) NOT NULL,
  "created_at" bigint NOT NULL
);

CREATE UNIQUE INDEX "auth_passkey_users_handle" ON "auth_passkey_users" ("handle");

CREATE TABLE "auth_passkeys" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "user_id" varchar(36) NOT NULL,
  "credential_id" varchar(1364) NOT NULL,
  "credential_hash" varchar(43) NOT NULL,
  "public_key" text NOT NULL,
  "counter" bigint NOT NULL,
  "transports" text NOT NULL,
  "device_type" varchar(16) NOT NULL,
  "backed_up" boolean NOT NULL,
  "aaguid" varchar(36) NOT NULL,
  "name" varchar(80) NOT NULL,
  "created_at" bigint NOT NULL,
  "last_used_at" bigint,
  "cloned_at" bigint
);

CREATE INDEX "auth_passkeys_user" ON "auth_passkeys" ("user_id");

CREATE UNIQUE INDEX "auth_passkeys_credential" ON "auth_passkeys" ("credential_hash");

CREATE TABLE "auth_password_history" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "user_id" varchar(36) NOT NULL,
  "hash" varchar(255) NOT NULL,
  "created_at" bigint NOT NULL
);

CREATE INDEX "auth_password_history_user" ON "auth_password_history" ("user_id");

CREATE TABLE "auth_recovery_codes" (
  "user_id" varchar(36) NOT NULL,
  "hash" varchar(43) NOT NULL,
  "created_at" bigint NOT NULL,
  "used_at" bigint,
  PRIMARY KEY ("user_id", "hash")
);

CREATE TABLE "auth_sessions" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "sid" varchar(22) NOT NULL,
  "user_id" varchar(36) NOT NULL,
  "epoch" integer NOT NULL,
  "created_at" bigint NOT NULL,
  "last_seen_at" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  "idle_ms" bigint NOT NULL,
  "authenticated_at" bigint NOT NULL,
  "fresh_until" bigint NOT NULL,
  "methods" text NOT NULL,
  "remember" boolean NOT NULL,
  "csrf_seed" varchar(22) NOT NULL,
  "ip" varchar(45) NOT NULL,
  "user_agent" varchar(256) NOT NULL,
  "generation" integer,
  "rotated_at" bigint,
  "scopes" text,
  "revoked_at" bigint
);

CREATE UNIQUE INDEX "auth_sessions_sid" ON "auth_sessions" ("sid");

CREATE INDEX "auth_sessions_user" ON "auth_sessions" ("user_id", "created_at");

CREATE TABLE "auth_totp" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "user_id" varchar(36) NOT NULL,
  "sealed" text NOT NULL,
  "algorithm" varchar(8) NOT NULL,
  "digits" integer NOT NULL,
  "period" integer NOT NULL,
  "last_step" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "confirmed_at" bigint
);

CREATE UNIQUE INDEX "auth_totp_user" ON "auth_totp" ("user_id");

CREATE TABLE "auth_user_roles" (
  "user_id" varchar(36) NOT NULL,
  "role" varchar(64) NOT NULL,
  "assigned_at" bigint NOT NULL,
  PRIMARY KEY ("user_id", "role")
);

CREATE TABLE "users" (
  "id" varchar(36) PRIMARY KEY NOT NULL,
  "email" varchar(254) NOT NULL,
  "email_canonical" varchar(254) NOT NULL,
  "email_verified_at" bigint,
  "password_hash" varchar(255),
  "created_at" bigint NOT NULL,
  "plan" varchar(20) NOT NULL DEFAULT ('standard')
);

CREATE UNIQUE INDEX "auth_user_email_canonical" ON "users" ("email_canonical");
