CREATE TABLE `auth_accounts` (
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `epoch` int NOT NULL DEFAULT '0',
  `session_seq` int NOT NULL DEFAULT '0',
  `failed_in_row` int NOT NULL DEFAULT '0',
  `failed_in_row_known` int NOT NULL DEFAULT '0',
  `disabled_at` bigint NULL,
  `contested_at` bigint NULL,
  `password_hash` varchar(255) NULL,
  `email_verified_at` bigint NULL,
  `created_at` bigint NULL,
  PRIMARY KEY (`user_id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_audit` (
  `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `at` bigint NOT NULL,
  `type` varchar(64) NOT NULL,
  `outcome` varchar(8) NOT NULL,
  `actor_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  `subject_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  `session_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  `identifier` varchar(43) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  `address` varchar(45) NULL,
  `user_agent` varchar(256) NULL,
  `details` text NOT NULL,
  INDEX `auth_audit_at` (`at`),
  INDEX `auth_audit_identifier` (`identifier`),
  INDEX `auth_audit_type` (`type`, `at`),
  INDEX `auth_audit_subject` (`subject_id`, `at`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_identities` (
  `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `provider` varchar(64) NOT NULL,
  `issuer` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `subject` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `email` varchar(254) NULL,
  `name` varchar(200) NULL,
  `tokens` text NULL,
  `created_at` bigint NOT NULL,
  `last_used_at` bigint NOT NULL,
  INDEX `auth_identities_user` (`user_id`, `id`),
  UNIQUE INDEX `auth_identities_subject` (`issuer`, `subject`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_jobs` (
  `name` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `claimed_by` varchar(22) NULL,
  `claimed_until` bigint NULL,
  `last_run_at` bigint NULL,
  `last_done` int NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB;

CREATE TABLE `auth_one_time_tokens` (
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `purpose` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `token_id` varchar(22) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `hash` varchar(43) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `epoch` int NOT NULL,
  `address` varchar(254) NOT NULL,
  `new_address` varchar(254) NULL,
  `binding` varchar(43) NULL,
  `created_at` bigint NOT NULL,
  `expires_at` bigint NOT NULL,
  `used_at` bigint NULL,
  UNIQUE INDEX `auth_one_time_tokens_token` (`token_id`),
  PRIMARY KEY (`user_id`, `purpose`)
) ENGINE=InnoDB;

CREATE TABLE `auth_outbox` (
  `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `sealed` text NULL,
  `created_at` bigint NOT NULL,
  `due_at` bigint NULL,
  `failures` int NOT NULL DEFAULT '0',
  `postponed` int NOT NULL DEFAULT '0',
  `unsettled` int NOT NULL DEFAULT '0',
  `claimed_by` varchar(22) NULL,
  `claimed_until` bigint NULL,
  `done_at` bigint NULL,
  INDEX `auth_outbox_due` (`due_at`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_passkey_users` (
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `handle` varchar(43) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `created_at` bigint NOT NULL,
  UNIQUE INDEX `auth_passkey_users_handle` (`handle`),
  PRIMARY KEY (`user_id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_passkeys` (
  `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `credential_id` varchar(1364) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `credential_hash` varchar(43) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `public_key` text NOT NULL,
  `counter` bigint NOT NULL,
  `transports` text NOT NULL,
  `device_type` varchar(16) NOT NULL,
  `backed_up` tinyint NOT NULL,
  `aaguid` varchar(36) NOT NULL,
  `name` varchar(80) NOT NULL,
  `created_at` bigint NOT NULL,
  `last_used_at` bigint NULL,
  `cloned_at` bigint NULL,
  INDEX `auth_passkeys_user` (`user_id`),
  UNIQUE INDEX `auth_passkeys_credential` (`credential_hash`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_password_history` (
  `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `hash` varchar(255) NOT NULL,
  `created_at` bigint NOT NULL,
  INDEX `auth_password_history_user` (`user_id`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_recovery_codes` (
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `hash` varchar(43) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `created_at` bigint NOT NULL,
  `used_at` bigint NULL,
  PRIMARY KEY (`user_id`, `hash`)
) ENGINE=InnoDB;

CREATE TABLE `auth_sessions` (
  `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `sid` varchar(22) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `epoch` int NOT NULL,
  `created_at` bigint NOT NULL,
  `last_seen_at` bigint NOT NULL,
  `expires_at` bigint NOT NULL,
  `idle_ms` bigint NOT NULL,
  `authenticated_at` bigint NOT NULL,
  `fresh_until` bigint NOT NULL,
  `methods` text NOT NULL,
  `remember` tinyint NOT NULL,
  `csrf_seed` varchar(22) NOT NULL,
  `ip` varchar(45) NOT NULL,
  `user_agent` varchar(256) NOT NULL,
  `generation` int NULL,
  `rotated_at` bigint NULL,
  `scopes` text NULL,
  `revoked_at` bigint NULL,
  UNIQUE INDEX `auth_sessions_sid` (`sid`),
  INDEX `auth_sessions_user` (`user_id`, `created_at`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_totp` (
  `id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `sealed` text NOT NULL,
  `algorithm` varchar(8) NOT NULL,
  `digits` int NOT NULL,
  `period` int NOT NULL,
  `last_step` bigint NOT NULL,
  `created_at` bigint NOT NULL,
  `confirmed_at` bigint NULL,
  UNIQUE INDEX `auth_totp_user` (`user_id`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_user_roles` (
  `user_id` varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `role` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `assigned_at` bigint NOT NULL,
  PRIMARY KEY (`user_id`, `role`)
) ENGINE=InnoDB;

CREATE TABLE `users` (
  `id` varchar(36) NOT NULL,
  `email` varchar(254) NOT NULL,
  `email_canonical` varchar(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `email_verified_at` bigint NULL,
  `password_hash` varchar(255) NULL,
  `created_at` bigint NOT NULL,
  `plan` varchar(20) NOT NULL DEFAULT 'standard',
  UNIQUE INDEX `auth_user_email_canonical` (`email_canonical`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
