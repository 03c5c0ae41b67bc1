CREATE TABLE IF NOT EXISTS `journal` (
  `seq` BIGINT NOT NULL,
  `at_ns` BIGINT NOT NULL,
  `decky` VARCHAR(255),
  `service` VARCHAR(16),
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `src` VARCHAR(45),
  `src_port` BIGINT,
  `dst` VARCHAR(45),
  `dst_port` BIGINT,
  `session` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `kind` VARCHAR(64) NOT NULL,
  `fact` MEDIUMTEXT NOT NULL,
  PRIMARY KEY (`seq`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS `meta` (
  `name` VARCHAR(64) NOT NULL,
  `value` VARCHAR(64) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS `attackers` (
  `uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `ip` VARCHAR(45),
  `first_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `last_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `event_count` BIGINT,
  `service_count` BIGINT,
  `decky_count` BIGINT,
  `services` MEDIUMTEXT,
  `deckies` MEDIUMTEXT,
  `traversal_path` MEDIUMTEXT,
  `is_traversal` TINYINT,
  `bounty_count` BIGINT,
  `credential_count` BIGINT,
  `fingerprints` MEDIUMTEXT,
  `commands` MEDIUMTEXT,
  `updated_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `state` MEDIUMBLOB,
  `country_code` VARCHAR(2),
  `country_source` VARCHAR(64),
  `asn` BIGINT,
  PRIMARY KEY (`uuid`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE UNIQUE INDEX `attackers_by_ip` ON `attackers` (`ip`);
CREATE INDEX `attackers_by_first_seen` ON `attackers` (`first_seen`);
CREATE INDEX `attackers_by_last_seen` ON `attackers` (`last_seen`);
CREATE INDEX `attackers_by_updated_at` ON `attackers` (`updated_at`);
CREATE INDEX `attackers_by_country_code` ON `attackers` (`country_code`);
CREATE TABLE IF NOT EXISTS `attacker_behavior` (
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kex_order_raw` MEDIUMTEXT,
  `ssh_client_banners` MEDIUMTEXT,
  `tcp_fingerprint` MEDIUMTEXT,
  `retransmit_count` BIGINT,
  `clock_skew_ppm` DOUBLE,
  `ts_hz` DOUBLE,
  `clock_skew_ci` DOUBLE,
  `clock_skew_points` BIGINT,
  `isn_class` VARCHAR(64),
  `ipid_class` VARCHAR(64),
  `link_type` VARCHAR(32),
  `ecn` VARCHAR(32),
  `os_guess` VARCHAR(128),
  `hop_distance` BIGINT,
  `tool_guesses` MEDIUMTEXT,
  `updated_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `state` MEDIUMBLOB,
  `behavior_class` VARCHAR(16),
  `beacon_interval_s` DOUBLE,
  `beacon_jitter_pct` DOUBLE,
  `timing_stats` MEDIUMTEXT,
  `phase_sequence` MEDIUMTEXT,
  PRIMARY KEY (`attacker_uuid`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `attacker_behavior_by_updated_at` ON `attacker_behavior` (`updated_at`);
CREATE TABLE IF NOT EXISTS `attacker_aggregate` (
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `activity_dist_by_hour` MEDIUMTEXT,
  `session_duration_dist` MEDIUMTEXT,
  `recon_to_action_ratio` DOUBLE,
  `lateral_movement_graph` MEDIUMTEXT,
  `first_persistence_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `first_exfil_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `is_persistent` TINYINT,
  `tool_sequence` MEDIUMTEXT,
  `error_response` MEDIUMTEXT,
  `updated_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  PRIMARY KEY (`attacker_uuid`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `attacker_aggregate_by_updated_at` ON `attacker_aggregate` (`updated_at`);
CREATE TABLE IF NOT EXISTS `session` (
  `sid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `channel` BIGINT,
  `decky` VARCHAR(64),
  `service` VARCHAR(16),
  `user` VARCHAR(255),
  `program` VARCHAR(16),
  `command` MEDIUMTEXT,
  `opened_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `closed_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `close_cause` VARCHAR(16),
  `exit_status` BIGINT,
  `recording` VARCHAR(255),
  `recording_bytes` BIGINT,
  `recording_extent` VARCHAR(16),
  `state` MEDIUMBLOB,
  PRIMARY KEY (`sid`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `session_by_attacker_uuid` ON `session` (`attacker_uuid`);
CREATE INDEX `session_by_opened_at` ON `session` (`opened_at`);
CREATE INDEX `session_by_closed_at` ON `session` (`closed_at`);
CREATE TABLE IF NOT EXISTS `session_profile` (
  `sid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `log_id` BIGINT,
  `schema_version` BIGINT,
  `kd_iki_mean` DOUBLE,
  `kd_iki_stdev` DOUBLE,
  `kd_iki_p50` DOUBLE,
  `kd_iki_p95` DOUBLE,
  `kd_enter_latency_p50` DOUBLE,
  `kd_enter_latency_p95` DOUBLE,
  `kd_burst_ratio` DOUBLE,
  `kd_think_ratio` DOUBLE,
  `kd_pause_hist_burst` BIGINT,
  `kd_pause_hist_think` BIGINT,
  `kd_pause_hist_distracted` BIGINT,
  `kd_start_of_action_latency` DOUBLE,
  `kd_ctrl_backspace` DOUBLE,
  `kd_ctrl_wkill` DOUBLE,
  `kd_ctrl_ukill` DOUBLE,
  `kd_ctrl_abort` DOUBLE,
  `kd_ctrl_eof` DOUBLE,
  `kd_arrow_rate` DOUBLE,
  `kd_tab_rate` DOUBLE,
  `kd_digraph_simhash` BINARY(8),
  `kd_typist_vector` BINARY(32),
  `kd_digraph_count` BIGINT,
  `kd_table_version` BIGINT,
  `kd_top_bigrams` MEDIUMTEXT,
  `paste_count` BIGINT,
  `input_class` VARCHAR(16),
  `input_evidence` MEDIUMTEXT,
  `total_keystrokes` BIGINT,
  `session_duration_s` DOUBLE,
  `term` VARCHAR(255),
  `term_cols` BIGINT,
  `term_rows` BIGINT,
  `term_px` VARCHAR(32),
  `term_modes` MEDIUMTEXT,
  `resize_count` BIGINT,
  `env` MEDIUMTEXT,
  `locale` VARCHAR(255),
  `client_banner` VARCHAR(512),
  `client_banner_s` DOUBLE,
  `src_port` BIGINT,
  `dst_port` BIGINT,
  `agent_forwarding` TINYINT,
  `channels_max` BIGINT,
  `created_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `cmd_think_p50` DOUBLE,
  `cmd_think_p95` DOUBLE,
  `sensitive_pause_ratio` DOUBLE,
  `cmd_ngrams` MEDIUMTEXT,
  `editors` MEDIUMTEXT,
  `history_use` MEDIUMTEXT,
  `kd_hold_mean` DOUBLE,
  `kd_hold_stdev` DOUBLE,
  `kd_hold_p50` DOUBLE,
  `kd_hold_p95` DOUBLE,
  PRIMARY KEY (`sid`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `session_profile_by_log_id` ON `session_profile` (`log_id`);
CREATE INDEX `session_profile_by_kd_digraph_simhash` ON `session_profile` (`kd_digraph_simhash`);
CREATE INDEX `session_profile_by_created_at` ON `session_profile` (`created_at`);
CREATE TABLE IF NOT EXISTS `keystroke` (
  `sid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `part` BIGINT NOT NULL,
  `keys` BIGINT,
  `instants_us` MEDIUMTEXT,
  `strokes` MEDIUMBLOB,
  PRIMARY KEY (`sid`, `part`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS `session_channel` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `channel` BIGINT,
  `sid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `kind` VARCHAR(64),
  `program` VARCHAR(64),
  `target_host` VARCHAR(255),
  `target_port` BIGINT,
  `originator` VARCHAR(255),
  `answer` VARCHAR(16),
  `opened_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `closed_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `session_channel_by_connection` ON `session_channel` (`connection`);
CREATE INDEX `session_channel_by_attacker_uuid` ON `session_channel` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `session_command` (
  `sid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `n` BIGINT NOT NULL,
  `line` MEDIUMTEXT,
  `started_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `entered_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `ended_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `exit_status` BIGINT,
  `think_s` DOUBLE,
  `enter_latency_s` DOUBLE,
  `sensitive` VARCHAR(32),
  `technique` VARCHAR(16),
  `flags` VARCHAR(255),
  `canonical` MEDIUMTEXT,
  PRIMARY KEY (`sid`, `n`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS `session_typo` (
  `sid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `n` BIGINT NOT NULL,
  `command` BIGINT,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `typed` VARCHAR(255),
  `became` VARCHAR(255),
  `kind` VARCHAR(32),
  PRIMARY KEY (`sid`, `n`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS `auth_attempt` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `decky` VARCHAR(64),
  `service` VARCHAR(16),
  `attempt` BIGINT,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `gap_s` DOUBLE,
  `method` VARCHAR(64),
  `user` VARCHAR(255),
  `secret` VARCHAR(255),
  `outcome` VARCHAR(16),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `auth_attempt_by_attacker_uuid` ON `auth_attempt` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `credential` (
  `id` BINARY(16) NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `service` VARCHAR(16),
  `user` VARCHAR(255),
  `secret` VARCHAR(255),
  `accepted` TINYINT,
  `first_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `last_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `count` BIGINT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `credential_by_attacker_uuid` ON `credential` (`attacker_uuid`);
CREATE INDEX `credential_by_secret` ON `credential` (`secret`);
CREATE TABLE IF NOT EXISTS `ssh_key` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `source` VARCHAR(32),
  `offer` BIGINT,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `user` VARCHAR(255),
  `key_type` VARCHAR(64),
  `bits` BIGINT,
  `fingerprint` VARCHAR(64),
  `signature_algorithm` VARCHAR(64),
  `proof` VARCHAR(16),
  `comment` VARCHAR(255),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `ssh_key_by_attacker_uuid` ON `ssh_key` (`attacker_uuid`);
CREATE INDEX `ssh_key_by_fingerprint` ON `ssh_key` (`fingerprint`);
CREATE TABLE IF NOT EXISTS `fingerprint` (
  `id` BINARY(16) NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `kind` VARCHAR(16),
  `hash` VARCHAR(128),
  `raw` MEDIUMTEXT,
  `seen_by` VARCHAR(32),
  `first_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `last_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `count` BIGINT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `fingerprint_by_attacker_uuid` ON `fingerprint` (`attacker_uuid`);
CREATE INDEX `fingerprint_by_hash` ON `fingerprint` (`hash`);
CREATE TABLE IF NOT EXISTS `tcp_syn` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `side` VARCHAR(8),
  `src_port` BIGINT,
  `dst_port` BIGINT,
  `attempt` BIGINT,
  `since_s` DOUBLE,
  `isn` BIGINT,
  `options` MEDIUMTEXT,
  `ecn` VARCHAR(16),
  `ttl` BIGINT,
  `ip_id` BIGINT,
  `df` TINYINT,
  `window` BIGINT,
  `mss` BIGINT,
  `wscale` BIGINT,
  `tsval` BIGINT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `tcp_syn_by_attacker_uuid` ON `tcp_syn` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `tcp_flow` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `began_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `ended_at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `end` VARCHAR(16),
  `src_port` BIGINT,
  `dst_port` BIGINT,
  `packets` BIGINT,
  `bytes` BIGINT,
  `repeats` BIGINT,
  `initial_window_segments` BIGINT,
  `initial_window_bytes` BIGINT,
  `rto_s` MEDIUMTEXT,
  `mss` BIGINT,
  `max_segment` BIGINT,
  `pmtud` VARCHAR(32),
  `pacing` MEDIUMTEXT,
  `marks` MEDIUMTEXT,
  `server` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `tcp_flow_by_attacker_uuid` ON `tcp_flow` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `tls_session` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `src_port` BIGINT,
  `dst_port` BIGINT,
  `carrier` VARCHAR(8),
  `sni` VARCHAR(255),
  `alpn` MEDIUMTEXT,
  `offered_version` VARCHAR(16),
  `version` VARCHAR(16),
  `cipher` VARCHAR(8),
  `chosen_alpn` VARCHAR(255),
  `resumption` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `tls_session_by_attacker_uuid` ON `tls_session` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `http_client` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `h2_settings` MEDIUMTEXT,
  `h2_priority` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `http_client_by_attacker_uuid` ON `http_client` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `http_request` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `connection` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `method` VARCHAR(32),
  `target` MEDIUMTEXT,
  `version` VARCHAR(8),
  `header_order` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `http_request_by_attacker_uuid` ON `http_request` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `http_cookie` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `name` VARCHAR(255),
  `fate` VARCHAR(16),
  `attributes` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `http_cookie_by_attacker_uuid` ON `http_cookie` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `probe` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `target` VARCHAR(64),
  `result` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `probe_by_attacker_uuid` ON `probe` (`attacker_uuid`);
CREATE TABLE IF NOT EXISTS `smtp_targets` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `domain` VARCHAR(255),
  `first_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `last_seen` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `count` BIGINT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `smtp_targets_by_attacker_uuid` ON `smtp_targets` (`attacker_uuid`);
CREATE INDEX `smtp_targets_by_domain` ON `smtp_targets` (`domain`);
CREATE UNIQUE INDEX `smtp_targets_by_attacker_uuid_and_domain` ON `smtp_targets` (`attacker_uuid`, `domain`);
CREATE TABLE IF NOT EXISTS `artifact` (
  `id` BIGINT NOT NULL,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `sid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `at` CHAR(27) CHARACTER SET ascii COLLATE ascii_bin,
  `path` MEDIUMTEXT,
  `url` MEDIUMTEXT,
  `sha256` BINARY(32),
  `size` BIGINT,
  `mime` VARCHAR(128),
  `origin` VARCHAR(32),
  `held` BIGINT,
  `keeping` VARCHAR(16),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `artifact_by_attacker_uuid` ON `artifact` (`attacker_uuid`);
CREATE INDEX `artifact_by_sid` ON `artifact` (`sid`);
CREATE INDEX `artifact_by_sha256` ON `artifact` (`sha256`);
CREATE TABLE IF NOT EXISTS `identity` (
  `id` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `label` VARCHAR(255),
  `confidence` DOUBLE,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS `identity_link` (
  `id` BIGINT NOT NULL,
  `identity` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `attacker_uuid` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `evidence` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX `identity_link_by_identity` ON `identity_link` (`identity`);
CREATE TABLE IF NOT EXISTS `federation_peer` (
  `id` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `public_key` BINARY(32),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS `federation_query` (
  `id` BIGINT NOT NULL,
  `peer` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  `question` MEDIUMTEXT,
  `answer` MEDIUMTEXT,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE OR REPLACE VIEW logs AS SELECT seq AS id, DATE_FORMAT(DATE_ADD('1970-01-01 00:00:00', INTERVAL FLOOR(at_ns / 1000) MICROSECOND), '%Y-%m-%dT%H:%i:%s.%fZ') AS `timestamp`, decky, service, kind AS event_type, CASE WHEN src LIKE '::ffff:%.%' THEN substr(src, 8) ELSE src END AS attacker_ip, session, fact AS event FROM journal;
CREATE OR REPLACE VIEW bounty AS SELECT attacker_uuid, 'fingerprint' AS bounty_type, kind AS name, hash AS `value`, first_seen, last_seen, `count` FROM fingerprint UNION ALL SELECT attacker_uuid, 'credential', `user`, secret, first_seen, last_seen, `count` FROM credential;
